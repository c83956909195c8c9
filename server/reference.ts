import { KEY_SCOPES, ProblemSchema, refusals } from "@onegate/contract";
import swagger from "@fastify/swagger";
import { isInScope, refusalFor, type Right, type Role } from "./identity/index.ts";
import type { Http } from "./kernel/index.ts";

const TAGS = {
  audit: "Who did what: the trail, and its export",
  catalogue: "Products, prices, barcodes and the tax",
  devices: "Tills: enrolling, revoking",
  gateway: "Transfers between accounts, and balances",
  keys: "Keys of a merchant's own programs, and the public keys that sign tokens",
  operation: "Health and metrics",
  outlet: "Outlets, their settings and their printed codes",
  payment: "Orders, payments, refunds, cases and disputes",
  provider: "Payment providers: accounts and notifications",
  routing: "Which provider an order is paid through",
  settlement: "Providers' statements, and differences from the books",
  setup: "The first shop",
  staff: "People, roles, PINs and sessions",
  till: "Selling",
  users: "Wallet users: signing in, profiles",
  wallet: "A user's accounts and money",
  "wallet operation": "What operators decide on users' wallets",
  webhooks: "Endpoints that receive events, and deliveries to them",
} as const satisfies Record<string, string>;

/** How callers authenticate. All are bearer tokens, distinguished by their form. */
const SCHEMES = {
  user_token: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A wallet user's access token, from POST /api/auth/login",
  },
  staff_session: {
    type: "http",
    scheme: "bearer",
    description:
      "A staff member's session, from POST /api/v1/till/unlock; its device sends its token in Onegate-Device",
  },
  merchant_key: {
    type: "http",
    scheme: "bearer",
    description: "A key of a merchant's own program: ogk_live_… or ogk_test_…",
  },
} as const;

const STAFF: readonly Role[] = ["cashier", "manager", "owner", "custom"];

const header = (
  name: string,
  required: boolean,
  description: string,
  schema: Record<string, unknown> = {},
) => ({ in: "header", name, required, description, schema: { type: "string", ...schema } });
const IDEMPOTENCY_KEY = (required: boolean) =>
  header(
    "Idempotency-Key",
    required,
    "Identifies the request: repeated with the same key it has one effect and one answer, for 30 days",
    { minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" },
  );
const DEVICE = header("Onegate-Device", false, "The token of the till that a staff session belongs to");
const APPROVAL = header(
  "Onegate-Approval",
  false,
  "A second person's approval, from POST /api/v1/till/approvals, if the caller's role lacks the right",
  { format: "uuid" },
);
const LAST_EVENT_ID = header(
  "Last-Event-ID",
  false,
  "The id of the last event that was read: the stream continues after it",
  { pattern: "^[0-9]{1,18}-[0-9]{1,18}$" },
);

/** The meaning of each refusal's status; the body is a problem with a stable code. */
const PROBLEMS = {
  400: "The request can't be read",
  401: "Credentials are missing or wrong",
  403: "The caller has no right to this",
  404: "The object does not exist, or belongs to another",
  405: "The path does not have this method; Allow lists those that it has",
  408: "The request was not sent completely in time",
  409: "The request conflicts with the current state",
  413: "The request is larger than this route accepts",
  415: "The body has an unsupported media type",
  421: "This server does not answer for that host name",
  422: "The request does not match its schema, or can't be carried out",
  429: "Too many requests; Retry-After says how long to wait",
  431: "The head of the request is larger than 16 kB",
  500: "A server error",
  502: "The payment provider refuses, or can't be reached",
  503: "Not now; Retry-After says how long to wait. No money has moved",
} as const;
type ProblemStatus = keyof typeof PROBLEMS;

/** What the reference knows about a route besides its schema. */
type Facts = {
  readonly right: Right;
  readonly isApprovable: boolean;
  readonly takesKey: boolean;
  readonly isStream: boolean;
  readonly takesBody: boolean;
  readonly takesInput: boolean;
};
type Operation = {
  operationId?: string;
  tags?: string[];
  summary?: string;
  security?: unknown[];
  parameters?: unknown[];
  requestBody?: unknown;
  responses?: Record<
    string,
    { description?: string; content?: Record<string, unknown> } & Record<string, unknown>
  >;
};

/** Describes the API as OpenAPI: each route's own schema, and what applies to all routes. */
export async function registerReference(http: Http): Promise<void> {
  const facts = new Map<string, Facts>();
  http.addHook("onRoute", (route) => {
    const text = String(route.handler);
    for (const method of [route.method].flat()) {
      facts.set(`${method} ${pathOf(route.url)}`, {
        right: route.config?.right as Right,
        isApprovable: route.config?.approvable === true,
        // read from the handler's text, because a separate list would go out of date
        takesKey: /\b(?:keyOf|byKey)\(/.test(text),
        isStream: /\bstreams\.open\(/.test(text),
        takesBody: !["GET", "HEAD"].includes(method),
        takesInput:
          route.schema?.params !== undefined ||
          route.schema?.querystring !== undefined ||
          route.schema?.body !== undefined,
      });
    }
  });
  await http.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Onegate",
        version: "0.1.0",
        description: "One gate for every payment",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: { securitySchemes: SCHEMES },
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema["$id"] === "string" ? schema["$id"] : `Schema${index}`,
    },
    transformObject: (document) => {
      if (!("openapiObject" in document)) throw new Error("the reference must be OpenAPI, not Swagger 2");
      const described = structuredClone(document.openapiObject) as {
        paths?: Record<string, Record<string, Operation>>;
        components?: Record<string, unknown>;
      };
      described.components = {
        ...described.components,
        schemas: { ...document.openapiObject.components?.schemas, Problem: problemSchema() },
        responses: problemResponses(),
      };
      for (const [path, operations] of Object.entries(described.paths ?? {})) {
        for (const [method, operation] of Object.entries(operations)) {
          const known = facts.get(`${method.toUpperCase()} ${path}`);
          if (!known) throw new Error(`no route is registered for ${method} ${path}`);
          describe(operation, method, path, known);
        }
      }
      return described;
    },
  });
}

/** A route's path in OpenAPI's notation. */
function pathOf(url: string): string {
  return url.replace(/::|:([A-Za-z_]+)/g, (whole, name?: string) =>
    whole === "::" ? ":" : `{${String(name)}}`,
  );
}

function describe(operation: Operation, method: string, path: string, known: Facts): void {
  operation.operationId = operationIdOf(method, path);
  operation.security = securityOf(known.right);
  const headers = [
    ...(known.takesKey ? [IDEMPOTENCY_KEY(!path.startsWith("/api/payment/"))] : []),
    ...(STAFF.some((role) => refusalFor(role, known.right) === undefined) && isClosed(known.right)
      ? [DEVICE]
      : []),
    ...(known.isApprovable ? [APPROVAL] : []),
    ...(known.isStream ? [LAST_EVENT_ID] : []),
  ];
  if (headers.length > 0) operation.parameters = [...(operation.parameters ?? []), ...headers];
  operation.responses = responsesOf(operation, known);
}

/** A stable and unique id, such as getTillSales or postPaymentsByIdRefunds. */
function operationIdOf(method: string, path: string): string {
  const words = path
    .replace(/^\/api\/v1\//, "/")
    .replace(/\{([a-z_]+)\}/g, "by-$1")
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return [method, ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join("");
}

const isClosed = (right: Right) => refusalFor("anyone", right) !== undefined;

/** The accepted ways to authenticate. An empty one allows requests without credentials. */
function securityOf(right: Right): unknown[] {
  if (!isClosed(right)) return [];
  return [
    ...(refusalFor("user", right) === undefined ? [{ user_token: [] }] : []),
    ...(STAFF.some((role) => refusalFor(role, right) === undefined) ? [{ staff_session: [] }] : []),
    ...(isInScope(KEY_SCOPES, right) ? [{ merchant_key: [] }] : []),
    // only in the sandbox
    ...(refusalFor("sandbox", right) === undefined ? [{}] : []),
  ];
}

function responsesOf(operation: Operation, known: Facts): NonNullable<Operation["responses"]> {
  const declared = Object.entries(operation.responses ?? {});
  const statuses = new Set<ProblemStatus>(
    declared.flatMap(([status]) => (Number(status) in PROBLEMS ? [Number(status) as ProblemStatus] : [])),
  );
  const refuses = operation.tags?.includes("operation") !== true;
  const can = (is: boolean, ...more: ProblemStatus[]) => is && more.forEach((status) => statuses.add(status));
  can(known.takesInput || known.takesKey || known.takesBody, 400, 422);
  can(refuses, 401, 403, 404, 409, 422, 429);
  can(known.takesBody, 413, 415);
  can(true, 405, 408, 421, 431, 500, 503);
  const responses = Object.fromEntries(declared.filter(([status]) => !/^[45](?:[0-9]{2}|xx)$/i.test(status)));
  for (const response of Object.values(responses)) {
    if (known.isStream) response.content = { "text/event-stream": { schema: { type: "string" } } };
  }
  return {
    ...responses,
    ...Object.fromEntries(
      [...statuses]
        .toSorted((a, b) => a - b)
        .map((status) => [String(status), { $ref: `#/components/responses/${status}` }]),
    ),
  };
}

function problemSchema(): Record<string, unknown> {
  const { $id: _id, ...schema } = structuredClone(ProblemSchema) as unknown as Record<string, unknown>;
  return schema;
}

function problemResponses(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(PROBLEMS).map(([status, description]) => {
      const codes = Object.entries(refusals)
        .filter(([, [number]]) => number === Number(status))
        .map(([code]) => code);
      return [
        status,
        {
          description: `${description}. Codes: ${codes.join(", ")}`,
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      ];
    }),
  );
}
