import type { Id } from "@onegate/contract";
import { createHmac, randomBytes } from "node:crypto";
import type { SecretBox } from "../identity/index.ts";
import { StartFailure } from "../kernel/index.ts";

const SECRET_BYTES = 32;
const PREFIX = "whsec_";

/** How long the previous secret also signs after a rotation. */
export const ROTATION = "24 hours";

export function newSecret(): string {
  return `${PREFIX}${randomBytes(SECRET_BYTES).toString("base64")}`;
}

export function closeSecret(box: SecretBox, secret: string, endpointId: Id): Buffer {
  return box.close(secret, about(endpointId));
}

export function openSecret(box: SecretBox, closed: Buffer, endpointId: Id): string {
  const secret = box.open(closed, about(endpointId));
  if (secret === undefined)
    throw new StartFailure(
      "ONEGATE_SECRET_KEY is not the one that this data's webhook secrets were sealed with.",
      "Set ONEGATE_SECRET_KEY to the value it had.",
    );
  return secret;
}

function about(endpointId: Id): string {
  return `webhook_endpoint ${endpointId}`;
}

/**
 * The headers of Standard Webhooks: one signature for each secret over `id.timestamp.body`. `sentAt` is Unix
 * seconds.
 */
export function signed(
  secrets: readonly string[],
  { messageId, sentAt, body }: { messageId: string; sentAt: bigint; body: string },
) {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${messageId}.${sentAt}.${body}`).digest("base64")}`;
  });
  return {
    "webhook-id": messageId,
    "webhook-timestamp": sentAt.toString(),
    "webhook-signature": signatures.join(" "),
  };
}
