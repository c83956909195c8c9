import {
  isRefusal,
  ProblemSchema,
  SETUP_CODE_HEADER,
  SetupDoneSchema,
  SetupSchema,
  SetupStateSchema,
  type Refusal,
} from "@onegate/contract";
import type { FastifyRequest } from "fastify";
import { addressOf, enrolledBody, isLocal, merchants, sessionBody } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http } from "../kernel/index.ts";
import { checkSetupCode, setUp, type Setup, type SetupCaller } from "./set-up.ts";

const tags = ["setup"];
/**
 * A logo of 200 kB in base64 and a list of products need more than the limit for other unauthenticated
 * requests.
 */
const BODY_LIMIT_BYTES = 1_572_864;

/** Sets up a new shop. */
export function setupRoutes(http: Http, setup: Setup): void {
  http.get(
    "/api/v1/setup",
    {
      config: { right: "setup.run" },
      schema: {
        tags,
        summary: "Whether a shop is to be set up here, and what that takes",
        response: { 200: SetupStateSchema },
      },
    },
    async (request) => ({
      needed: (await merchants(setup.database.kysely)).length === 0,
      allowed: true,
      code_needed: setup.isCodeNeeded(isLocal(request)),
    }),
  );

  const callerOf = (request: FastifyRequest): SetupCaller | Refusal => {
    const key = keyOf(request);
    const code = request.headers[SETUP_CODE_HEADER];
    return isRefusal(key)
      ? key
      : {
          key,
          code: typeof code === "string" ? code : "",
          address: addressOf(request),
          isLocal: isLocal(request),
        };
  };
  http.post(
    "/api/v1/setup",
    {
      bodyLimit: BODY_LIMIT_BYTES,
      config: { right: "setup.run", statements: "report" },
      schema: {
        tags,
        summary:
          "Set a shop up; this browser is enrolled and its owner signed in. " +
          "In production the header Onegate-Setup-Code proves who may",
        body: SetupSchema,
        response: { 201: SetupDoneSchema, "4xx": ProblemSchema },
      },
      // checked before the body is read, because the body may be large
      onRequest: (request, reply, done) => {
        const caller = callerOf(request);
        if (isRefusal(caller)) return void answer(request, reply, caller);
        void checkSetupCode(setup, caller).then(
          (refusal) => (refusal ? void answer(request, reply, refusal) : done()),
          (error: Error) => done(error),
        );
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      if (isRefusal(caller)) return answer(request, reply, caller);
      const done = await setUp(setup, request.body, caller);
      void reply.header("cache-control", "no-store");
      if (isRefusal(done)) return answer(request, reply, done);
      return answerOnce(
        request,
        reply,
        { answer: { ...enrolledBody(done), session: sessionBody(done.session) }, replayed: done.replayed },
        201,
      );
    },
  );
}
