import { join } from "node:path";
import { auditBreaches, auditHeads, merchants, type AuditHead } from "./identity/index.ts";
import { messageOf, type Database, type Log, type Metrics, type Settings } from "./kernel/index.ts";
import {
  checkHeads,
  prove,
  readSealKey,
  rememberProof,
  signedHeads,
  signHeads,
  signText,
  type Breach,
  type Proof,
  type SignedHeads,
} from "./ledger/index.ts";
import { paymentBreaches } from "./payments/index.ts";
import { saleBreaches } from "./sales/index.ts";
import { reconcileDay, settlementBreaches, type Day } from "./settlement/index.ts";

/**
 * Checks everything that must hold for the books: the ledger's own proof, and that payments, sales,
 * settlement and audit trails agree with it.
 */
export async function proveBooks(
  database: Database,
  { mode = "all", heads }: { mode?: "all" | "new"; heads?: SignedHeads } = {},
): Promise<Proof> {
  const proof = await prove(database, mode);
  const others: Breach[] = [
    ...(await paymentBreaches(database.kysely)),
    ...(await saleBreaches(database.kysely)),
    ...(await settlementBreaches(database.kysely)),
  ];
  const signed = heads
    ? (await checkHeads(database.kysely, heads)).map((detail) => ({
        rule: "chain passes the signed heads",
        subject: "heads",
        detail,
      }))
    : [];
  const given = heads ?? (await signedHeads(database.kysely));
  const trail = await auditBreaches(database.kysely, given && signedTrails(given), mode === "new");
  return { ...proof, breaches: [...proof.breaches, ...others, ...signed, ...trail] };
}

/**
 * The heads of the audit trails in a signed statement. Statements from before there were trails have none.
 */
function signedTrails({ statement }: SignedHeads): readonly AuditHead[] {
  return (JSON.parse(statement) as { audit?: readonly AuditHead[] }).audit ?? [];
}

/** Signs the heads of the ledger's chains and of the audit trails. */
export async function signAllHeads(
  database: Pick<Database, "kysely">,
  settings: Pick<Settings, "sealKey" | "data">,
): Promise<SignedHeads> {
  return signHeads(database.kysely, readSealKey(sealKeyFile(settings)), {
    audit: await auditHeads(database.kysely),
  });
}

/** Reconciles a business day of every merchant across till, payments, statements and ledger. */
export async function proveDay(database: Database, date: string): Promise<Day[]> {
  const days: Day[] = [];
  for (const merchant of await merchants(database.kysely))
    days.push(await reconcileDay(database, merchant, date));
  return days;
}

/** Signs texts with the key of the heads. If the key can't be read, it logs that and returns null. */
export function signerOf(
  settings: Pick<Settings, "sealKey" | "data">,
  log: Log,
): (statement: string) => SignedHeads | null {
  return (statement) => {
    try {
      return signText(statement, readSealKey(sealKeyFile(settings)));
    } catch (error) {
      log.error({ err: error }, `exported the audit trail unsigned: ${messageOf(error)}`);
      return null;
    }
  };
}

function sealKeyFile({ sealKey, data }: Pick<Settings, "sealKey" | "data">): string {
  return sealKey || join(data, "seal.pem");
}

/**
 * The daily proof: checks what was added since the last one, and signs the heads of the chains. Logs breaches
 * as fatal.
 */
export async function proveDaily(
  database: Database,
  settings: Settings,
  metrics: Metrics,
  log: Log,
): Promise<void> {
  const { breaches, entries, sealed } = await proveBooks(database, { mode: "new" });
  metrics.breaches.set(breaches.length);
  if (breaches.length > 0) {
    log.fatal({ breaches }, "THE BOOKS DO NOT HOLD");
    return;
  }
  await rememberProof(database.kysely);
  try {
    await signAllHeads(database, settings);
  } catch (error) {
    log.error({ err: error }, `failed to sign the heads of the chains: ${messageOf(error)}`);
  }
  log.info({ entries: Number(entries), sealed: Number(sealed) }, "the books hold");
}
