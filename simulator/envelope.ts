import type { Answer } from "./answer.ts";

/**
 * Tripay's envelope, which the control API uses too. A refusal is a sentence; its status is the simulator's
 * choice, because Tripay documents none.
 */
export function success(data: unknown, message = ""): Answer {
  return { status: 200, body: { success: true, message, data } };
}

export function failure(message: string, status = 400): Answer {
  return { status, body: { success: false, message } };
}

export const BROKEN = failure("Failed to process your request. Please try again", 500);
