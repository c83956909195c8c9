import assert from "node:assert/strict";
import { test } from "node:test";
import { crc16, isQrisProblem, parseQris, toDynamic } from "./qris.ts";
import { IDR } from "./currency.ts";
import { money } from "./money.ts";
import { isRefusal } from "./refusal.ts";
import { checkedToReference, checkedToStaticQris } from "./static-qris.ts";

const DANA =
  "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72";

/** The payload with a part replaced by one of the same length, and a new checksum. */
function changed(from: string, to: string): string {
  const body = DANA.replace(from, to).slice(0, -4);
  return body + crc16(body);
}
const refusalOf = (payload: string) => {
  const checked = checkedToStaticQris(payload);
  return isRefusal(checked)
    ? [checked.refusal, checked.params?.["problem"], checked.params?.["tag"]].filter(Boolean).join(" ")
    : "accepted";
};

test("a printed code is accepted, even with spaces around it, and can be made dynamic", () => {
  const code = checkedToStaticQris(` ${DANA}\n`);
  assert.ok(!isRefusal(code));
  assert.deepEqual([code.merchantName, code.nmid], ["Saifullah.id", "ID1019004699079"]);
  const dynamic = toDynamic(DANA, money(1_250_000n, IDR));
  assert.ok(typeof dynamic === "string");
  const read = parseQris(dynamic);
  assert.ok(!isQrisProblem(read));
  assert.deepEqual(
    [read.initiation, read.amount?.minor, read.merchantName],
    ["dynamic", 1_250_000n, "Saifullah.id"],
  );
});

test("a checksum in lower case is accepted", () => {
  for (const written of ["5f72", "5F72", "5f72".replace("f", "F")]) {
    const code = checkedToStaticQris(DANA.replace("5F72", written));
    assert.ok(!isRefusal(code), written);
    const dynamic = toDynamic(DANA.replace("5F72", written), money(1_250_000n, IDR));
    assert.equal(dynamic, toDynamic(DANA, money(1_250_000n, IDR)), "what is made of it has one form");
  }
});

test("anything but an Indonesian shop's printed code is refused with a specific code", () => {
  assert.equal(refusalOf(DANA.replace("5F72", "5F73")), "qris_crc_wrong");
  assert.equal(refusalOf(changed("010211", "010212")), "qris_not_static");
  assert.equal(refusalOf(changed("5303360", "5303840")), "qris_currency_unfit");
  assert.equal(refusalOf(changed("5802ID", "5802SG")), "qris_country_unfit");
  assert.equal(refusalOf(changed("52044814", "52044829")), "qris_is_transfer");
  assert.equal(refusalOf(changed("5912Saifullah.id", "6212Saifullah.id")), "qris_malformed tag_missing 59");
  assert.equal(refusalOf("https://kopi.example/qris"), "qris_malformed field_malformed");
  assert.equal(refusalOf(""), "qris_malformed format_not_first");
});

test("a reference is accepted as the screen shows it, and stored without spaces", () => {
  assert.equal(checkedToReference(" 6325 1122 3344 "), "632511223344");
  assert.equal(checkedToReference("trx-2026/11.a"), "TRX202611A");
  for (const wrong of ["", "12345", "1-2-3-4-5", "-123456", "1".repeat(41), "632511223344;drop"])
    assert.ok(isRefusal(checkedToReference(wrong)), wrong);
});

test("a reference is the same whatever its punctuation", () => {
  const written = [
    "632511223344",
    "6325 1122 3344",
    "6325-1122-3344",
    "6325.1122.3344",
    "6325/1122/3344",
    "6325_1122_3344",
    "６３２５１１２２３３４４",
  ];
  assert.deepEqual(new Set(written.map(checkedToReference)), new Set(["632511223344"]));
});
