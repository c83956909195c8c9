import { setTimeout as wait } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { answerFaults, type Call } from "./faults.ts";
import type { World } from "./world.ts";

/** Tripay's envelope. A "no" is a sentence; its status is the simulator's choice, as none is documented. */
export type Answer = { readonly success: true; readonly message: string; readonly data?: unknown } | Failure;
export type Failure = { readonly success: false; readonly message: string; readonly status: number };

export function success(data: unknown, message = ""): Answer {
  return { success: true, message, data };
}

export function failure(message: string, status = 400): Failure {
  return { success: false, message, status };
}

export async function send(reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  if (answer.success) return reply.send(answer);
  return reply.code(answer.status).send({ success: false, message: answer.message });
}

const BLOCKED = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>403 Forbidden</h1></body></html>";

/** Does the work and answers, or does to both what a planned fault says. */
export async function answerWith(world: World, call: Call, reply: FastifyReply, work: () => Answer): Promise<FastifyReply> {
  const planned = world.faults.take(call);
  if (!planned) return send(reply, work());
  const answer = answerFaults[planned.fault].done ? work() : undefined;
  switch (planned.fault) {
    case "answer_lost":
      reply.hijack();
      reply.raw.socket?.destroy();
      return reply;
    case "html_403":
      return reply.code(403).type("text/html; charset=utf-8").send(BLOCKED);
    case "error_500":
    case "error_500_done":
      return send(reply, failure("Failed to process your request. Please try again", 500));
    case "answer_slow":
      await wait(planned.ms, undefined, { ref: false });
      return send(reply, answer ?? failure("Failed to process your request. Please try again", 500));
  }
}
