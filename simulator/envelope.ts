import type { Answer } from "./answer.ts";

/** The envelope of Tripay, in which the levers answer too. A "no" is a sentence; its status is the simulator's choice, as none is documented. */
export function success(data: unknown, message = ""): Answer {
  return { status: 200, body: { success: true, message, data } };
}

export function failure(message: string, status = 400): Answer {
  return { status, body: { success: false, message } };
}

export const BROKEN = failure("Failed to process your request. Please try again", 500);
