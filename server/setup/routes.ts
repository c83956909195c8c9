import { isRefusal, ProblemSchema, SetupDoneSchema, SetupSchema, SetupStateSchema } from "@onegate/contract";
import { addressOf, enrolledBody, isLocal, merchants, sessionBody } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http } from "../kernel/index.ts";
import { setUp, type Setup } from "./set-up.ts";

const tags = ["setup"];
/** A logo of 200 kB, as base64, and a list of products: more than other requests of somebody unknown may hold. */
const BODY_LIMIT_BYTES = 1_048_576;

/** A shop from nothing. */
export function setupRoutes(http: Http, setup: Setup): void {
  http.get("/api/v1/setup", { config: { right: "setup.run" }, schema: { tags, summary: "Whether a shop is to be set up here, and what that takes", response: { 200: SetupStateSchema } } }, async (request) => ({
    needed: (await merchants(setup.database.kysely)).length === 0,
    allowed: true,
    code_needed: setup.isCodeNeeded(isLocal(request)),
  }));

  http.post("/api/v1/setup", { bodyLimit: BODY_LIMIT_BYTES, config: { right: "setup.run", statements: "report" }, schema: { tags, summary: "Set a shop up; this browser is enrolled and its owner signed in", body: SetupSchema, response: { 201: SetupDoneSchema, "4xx": ProblemSchema } } }, async (request, reply) => {
    const key = keyOf(request);
    if (isRefusal(key)) return answer(request, reply, key);
    const done = await setUp(setup, request.body, key, { address: addressOf(request), isLocal: isLocal(request) });
    void reply.header("cache-control", "no-store");
    if (isRefusal(done)) return answer(request, reply, done);
    return answerOnce(request, reply, { answer: { ...enrolledBody(done), session: sessionBody(done.session) }, replayed: done.replayed }, 201);
  });
}
