import { setTimeout as wait } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { answerFaults, type Call } from "./faults.ts";
import type { World } from "./world.ts";

/** A provider's answer: an HTTP status, and a body that is sent as JSON. */
export type Answer = { readonly status: number; readonly body: unknown };

export async function send(reply: FastifyReply, { status, body }: Answer): Promise<FastifyReply> {
  return reply.code(status).send(body);
}

const BLOCKED =
  "<!DOCTYPE html><html><head><title>Just a moment...</title></head>" +
  "<body><h1>403 Forbidden</h1></body></html>";

/**
 * Does the work and answers, or applies a planned fault. `broken` is the provider's own answer for status
 * 500.
 */
export async function answerWith(
  world: World,
  call: Call,
  reply: FastifyReply,
  broken: Answer,
  work: () => Answer,
): Promise<FastifyReply> {
  const planned = world.faults.take(call);
  if (!planned) return send(reply, work());
  const answer = answerFaults[planned.fault].done ? work() : broken;
  switch (planned.fault) {
    case "answer_lost":
      reply.hijack();
      reply.raw.socket?.destroy();
      return reply;
    case "html_403":
      return reply.code(403).type("text/html; charset=utf-8").send(BLOCKED);
    case "error_500":
    case "error_500_done":
      return send(reply, broken);
    case "answer_slow":
      await wait(planned.ms, undefined, { ref: false });
      return send(reply, answer);
  }
}
