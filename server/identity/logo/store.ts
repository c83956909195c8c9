import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../../kernel/index.ts";
import type { KeptLogo, Logo } from "./logo.ts";

export async function insertLogo(
  tx: Tx,
  merchantId: Id,
  { logoId, contentType, content }: KeptLogo,
): Promise<void> {
  await sql`
    insert into merchant_logo (merchant_id, logo_id, content_type, content)
    values (${merchantId}, ${logoId}, ${contentType}, ${content})`.execute(tx);
}

export async function selectLogo(
  executor: Executor,
  by: { merchantId: Id } | { logoId: Id },
): Promise<KeptLogo | undefined> {
  const isLogo = "logoId" in by ? sql`logo_id = ${by.logoId}` : sql`merchant_id = ${by.merchantId}`;
  const { rows } = await sql<{ logo_id: Id; content_type: Logo["contentType"]; content: Buffer }>`
    select logo_id, content_type, content
      from merchant_logo
     where ${isLogo}`.execute(executor);
  const [row] = rows;
  return row && { logoId: row.logo_id, contentType: row.content_type, content: row.content };
}

export async function selectLogoId(executor: Executor, merchantId: Id): Promise<Id | undefined> {
  const { rows } = await sql<{ logo_id: Id }>`
    select logo_id from merchant_logo where merchant_id = ${merchantId}`.execute(executor);
  return rows[0]?.logo_id;
}
