import { isRefusal, refuse, type Credentials, type Refusal } from "@onegate/contract";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { checkedToDestination, checkedToRsaKey, type AddressRules } from "../kernel/index.ts";

/**
 * Checks what a schema can't: a bank's URL must be public, its keys readable, and the fields of its way to
 * sign present. Refuses `url_malformed`, `url_insecure`, `url_not_public`, `credentials_incomplete`,
 * `credentials_key_unreadable`.
 */
export async function credentialsRefusal(
  credentials: Credentials,
  rules: AddressRules,
): Promise<Refusal | undefined> {
  if (credentials.provider !== "snap") return undefined;
  const destination = await checkedToDestination(credentials.url, rules);
  if (isRefusal(destination)) return destination;
  const needed =
    credentials.signature === "symmetric"
      ? (["client_key", "client_secret"] as const)
      : (["provider_public_key"] as const);
  const missing = needed.find((field) => credentials[field] === undefined);
  if (missing) return refuse("credentials_incomplete", { field: missing });
  if (!checkedToRsaKey(createPrivateKey, credentials.private_key))
    return refuse("credentials_key_unreadable", { field: "private_key" });
  const { provider_public_key: pem } = credentials;
  return pem === undefined || checkedToRsaKey(createPublicKey, pem)
    ? undefined
    : refuse("credentials_key_unreadable", { field: "provider_public_key" });
}
