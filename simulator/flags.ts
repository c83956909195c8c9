import { parseArgs } from "node:util";
import type { Credential } from "./tripay/index.ts";
import type { SimulatorOptions } from "./index.ts";

const USAGE = `simulator: a payment provider to try Onegate against

  --port N               port, 0 takes a free one (SIMULATOR_PORT, 8090)
  --host ADDRESS         address to listen on (127.0.0.1)
  --data FILE            journal; without it nothing outlives the process
  --seed N               makes references and codes repeatable
  --control-key KEY      allows other machines to use the control API; sent as x-simulator-key
                         (SIMULATOR_CONTROL_KEY)
  --public-url URL       address that payers reach it at (its own)
  --allow-host NAME      a name that requests may use, besides localhost and addresses; may be repeated
  --callback-url URL     where callbacks go when a transaction names no address
  --callback-retry-ms N  time until a callback is sent again (120000)
  --fee-payer WHO        merchant or customer (merchant)
  --credential KEY,PRIVATE_KEY,MERCHANT_CODE   may be repeated
`;

/**
 * Reads the options of a process from its flags and environment. A string is a message for the person who
 * started it.
 */
export function readFlags(args: readonly string[], env: NodeJS.ProcessEnv): SimulatorOptions | string {
  const values = parse(args);
  if (typeof values === "string") return values;
  if (values.help) return USAGE;
  const port = wholeNumber(values.port ?? env["SIMULATOR_PORT"] ?? "8090");
  if (port === undefined || port > 65_535) return "simulator: --port is a number from 0 to 65535";
  const seed = values.seed === undefined ? undefined : wholeNumber(values.seed);
  if (values.seed !== undefined && seed === undefined) return "simulator: --seed is a whole number";
  const retryMs =
    values["callback-retry-ms"] === undefined ? undefined : wholeNumber(values["callback-retry-ms"]);
  if (values["callback-retry-ms"] !== undefined && retryMs === undefined)
    return "simulator: --callback-retry-ms is a whole number";
  const feePayer = values["fee-payer"] ?? "merchant";
  if (feePayer !== "merchant" && feePayer !== "customer")
    return "simulator: --fee-payer is merchant or customer";
  const credentials = (values.credential ?? []).map(readCredential);
  if (credentials.includes(undefined)) return "simulator: --credential is KEY,PRIVATE_KEY,MERCHANT_CODE";
  const controlKey = values["control-key"] ?? env["SIMULATOR_CONTROL_KEY"];
  return {
    port,
    feePayer,
    host: values.host ?? "127.0.0.1",
    ...(values.data === undefined ? {} : { data: values.data }),
    ...(seed === undefined ? {} : { seed }),
    ...(controlKey === undefined ? {} : { controlKey }),
    ...(retryMs === undefined ? {} : { callbackRetryMs: retryMs }),
    ...(values["public-url"] === undefined ? {} : { publicUrl: values["public-url"] }),
    ...(values["allow-host"] === undefined ? {} : { hosts: values["allow-host"] }),
    ...(values["callback-url"] === undefined ? {} : { callbackUrl: values["callback-url"] }),
    ...(credentials.length === 0 ? {} : { credentials: credentials.filter((each) => each !== undefined) }),
  };
}

function parse(args: readonly string[]) {
  const string = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: string,
        host: string,
        data: string,
        seed: string,
        "control-key": string,
        "public-url": string,
        "allow-host": { type: "string", multiple: true },
        "callback-url": string,
        "callback-retry-ms": string,
        "fee-payer": string,
        credential: { type: "string", multiple: true },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    return `simulator: ${error instanceof Error ? error.message : "flags can't be read"}`;
  }
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

function readCredential(text: string): Credential | undefined {
  const [apiKey, privateKey, merchantCode, ...rest] = text.split(",");
  return apiKey && privateKey && merchantCode && rest.length === 0
    ? { apiKey, privateKey, merchantCode }
    : undefined;
}
