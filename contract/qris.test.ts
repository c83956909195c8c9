import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { IDR } from "./currency.ts";
import { money } from "./money.ts";
import {
  amountDue,
  crc16,
  encodeQris,
  isQrisProblem,
  makeQris,
  parseQris,
  toDynamic,
  type Qris,
} from "./qris.ts";

const rupiah = (whole: number) => money(BigInt(whole) * 100n, IDR);

const samples = {
  dana: "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72",
  bca: "00020101021126650013ID.CO.BCA.WWW011893600014000128766702150008850012876670303UKE51440014ID.CO.QRIS.WWW0215ID10210818616060303UKE5204074253033605802ID5909GREEN PAW6007TANGSEL61051532362070703A0163046D3F",
  shopee:
    "00020101021126550016ID.CO.SHOPEE.WWW01189360091800000000180202180303UBE51440014ID.CO.QRIS.WWW0215ID20190022915550303UBE5204839853033605802ID5906Baznas6013Jakarta Pusat61051034062070703A016304A402",
  xendit:
    "00020101021226650013CO.XENDIT.WWW01189360084800000000020215WNtXtb6qmr4ZJBw0303UME51370014ID.CO.QRIS.WWW0215ID20253781998505204509953033605405100715802ID5922PT Harta Tahta Sukaria6013JAKARTA PUSAT61051034062290525jnKoyvoo7dqcUcM86B9hvu6bC6304F1E5",
  doku: "00020101021226530012COM.DOKU.WWW0118936008990000002475020424750303URE51440014ID.CO.QRIS.WWW0215ID10200392934820303URE5204539953033605404100055020256035005802ID5911GUREUM SHOP6013JAKARTA PUSAT61051064062070703A016304FD26",
  linkaja:
    "00020101021226660014ID.LINKAJA.WWW011893600911002711446402151902170711446450303UBE51450015ID.OR.GPNQR.WWW02150000000000000000303UBE520454995802ID5920SPBU SNTRA BISNIS AR6001-6101-621801143414210-7584075303360550201540630000063040FA0",
};

const parsed = (payload: string): Qris => {
  const qris = parseQris(payload);
  assert.ok(!isQrisProblem(qris), isQrisProblem(qris) ? qris.problem : "");
  return qris;
};
const sealed = (body: string) => `${body}6304${crc16(`${body}6304`)}`;
const problemOf = (payload: string) => {
  const qris = parseQris(payload);
  return isQrisProblem(qris) ? qris.problem : "none";
};

describe("QRIS payloads", () => {
  it("have a CRC-16/CCITT-FALSE checksum", () => assert.equal(crc16("123456789"), "29B1"));

  for (const [name, payload] of Object.entries(samples)) {
    it(`of ${name} are read and written again as the same text`, () => {
      const qris = parsed(payload);
      assert.equal(encodeQris(qris.fields), payload);
    });
  }

  it("name the merchant", () => {
    const dana = parsed(samples.dana);
    assert.deepEqual(dana.accounts, [
      {
        tag: "26",
        domain: "ID.DANA.WWW",
        pan: "936009153000606057",
        merchantId: "000606057",
        criteria: "UMI",
      },
    ]);
    assert.deepEqual(
      [
        dana.initiation,
        dana.nmid,
        dana.categoryCode,
        dana.merchantName,
        dana.city,
        dana.postalCode,
        dana.amount,
      ],
      ["static", "ID1019004699079", "4814", "Saifullah.id", "Kota Pontianak", "78124", null],
    );
    const bca = parsed(samples.bca);
    assert.deepEqual(
      [bca.accounts[0]?.criteria, bca.nmid, bca.additional.get("07")],
      ["UKE", "ID1021081861606", "A01"],
    );
  });

  it("have an amount and a reference in a dynamic code", () => {
    const xendit = parsed(samples.xendit);
    assert.deepEqual(
      [xendit.initiation, xendit.amount, xendit.additional.get("05")],
      ["dynamic", rupiah(10_071), "jnKoyvoo7dqcUcM86B9hvu6bC"],
    );
  });

  it("can add a fixed fee to the amount due", () => {
    const doku = parsed(samples.doku);
    assert.deepEqual(doku.tip, { kind: "fixed", fee: rupiah(500) });
    assert.deepEqual(amountDue(doku), rupiah(1_500));
  });

  it("can have fields in any order, and no amount due if the payer chooses the tip", () => {
    const linkaja = parsed(samples.linkaja);
    assert.deepEqual(
      [linkaja.amount, linkaja.tip, amountDue(linkaja)],
      [rupiah(300_000), { kind: "asked" }, null],
    );
  });

  it("can have a percent fee and decimals", () => {
    const body = samples.doku
      .slice(0, -8)
      .replace("54041000", "54071000.00")
      .replace("5502025603500", "55020357030.7");
    const qris = parsed(sealed(body));
    assert.deepEqual([qris.tip, amountDue(qris)], [{ kind: "percent", basisPoints: 70 }, rupiah(1_007)]);
  });

  it("can be made dynamic by filling in the amount", () => {
    assert.equal(
      toDynamic(samples.dana, rupiah(12_500)),
      "00020101021226570011ID.DANA.WWW011893600915300060605702090006060570303UMI51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605405125005802ID5912Saifullah.id6014Kota Pontianak6105781246304DD67",
    );
    assert.equal(
      toDynamic(samples.shopee, rupiah(25_000)),
      "00020101021226550016ID.CO.SHOPEE.WWW01189360091800000000180202180303UBE51440014ID.CO.QRIS.WWW0215ID20190022915550303UBE5204839853033605405250005802ID5906Baznas6013Jakarta Pusat61051034062070703A0163047CA4",
    );
  });

  it("may contain a value that looks like a field", () => {
    const named = parsed(samples.dana).fields.map((field) =>
      field.tag === "59" ? { tag: "59", value: "5802ID 010211 5303360" } : field,
    );
    const payload = encodeQris(named);
    assert.ok(typeof payload === "string");
    const dynamic = toDynamic(payload, rupiah(7_000));
    assert.ok(typeof dynamic === "string");
    const qris = parsed(dynamic);
    assert.deepEqual(
      [qris.merchantName, qris.amount, qris.initiation],
      ["5802ID 010211 5303360", rupiah(7_000), "dynamic"],
    );
  });

  it("keep the amount of a dynamic code, and refuse another currency and a zero amount", () => {
    assert.deepEqual(toDynamic(samples.xendit, rupiah(1)), { problem: "already_dynamic", tag: "01" });
    assert.deepEqual(toDynamic(samples.dana, money(100n, "USD" as typeof IDR)), {
      problem: "currency_not_rupiah",
      tag: "54",
    });
    assert.deepEqual(toDynamic(samples.dana, rupiah(0)), { problem: "amount_malformed", tag: "54" });
  });
});

describe("an invalid payload", () => {
  const body = samples.dana.slice(0, -8);
  const refused: ReadonlyArray<readonly [why: string, payload: string, problem: string]> = [
    ["longer than 512", sealed(body + "64991".padEnd(103, "x").repeat(4)), "payload_too_long"],
    ["cut off", samples.dana.slice(0, -2), "field_malformed"],
    ["empty", "", "format_not_first"],
    ["no digits where a length belongs", sealed(body.replace("5912", "59xx")), "field_malformed"],
    ["a tag twice", sealed(`${body}5802ID`), "tag_repeated"],
    ["format not first", sealed(body.slice(6) + body.slice(0, 6)), "format_not_first"],
    ["nothing after the format", "000201", "crc_not_last"],
    ["something after the checksum", `${samples.dana}6401x`, "crc_not_last"],
    ["another checksum in lower case", samples.dana.replace("5F72", "5f73"), "crc_wrong"],
    ["no merchant name", sealed(body.replace("5912Saifullah.id", "")), "tag_missing"],
    ["no acquirer", sealed("0002015204481453033605802ID5901x6001x61011"), "tag_missing"],
    [
      "static without the domestic repository",
      sealed(body.replace("51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI", "")),
      "tag_missing",
    ],
    ["another currency", sealed(body.replace("5303360", "5303840")), "value_invalid"],
    ["a broken template", sealed(body.replace("0011ID.DANA", "0099ID.DANA")), "field_malformed"],
    ["an amount of zero", sealed(`${body}54010`), "amount_malformed"],
    ["a tip of no kind", sealed(`${body}5603500`), "tip_malformed"],
    ["a transfer between people", sealed(body.replace("52044814", "52044829")), "transfer_not_purchase"],
  ];
  for (const [why, payload, problem] of refused) {
    it(`${why}: ${problem}`, () => assert.equal(problemOf(payload), problem));
  }

  it("is detected in a published sample with a wrong checksum", () => {
    const wrong = samples.dana.slice(0, -4) + "A79C";
    assert.equal(problemOf(wrong), "crc_wrong");
  });

  it("is detected if any one character is changed", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(samples)),
        fc.nat(),
        fc.integer({ min: 0x20, max: 0x7e }),
        (payload, place, code) => {
          const at = place % payload.length;
          const other = String.fromCharCode(code);
          fc.pre(payload[at] !== other);
          assert.notEqual(problemOf(payload.slice(0, at) + other + payload.slice(at + 1)), "none");
        },
      ),
    );
  });
});

describe("making a payload", () => {
  const text = (max: number) =>
    fc
      .string({ unit: "grapheme", minLength: 1, maxLength: max })
      .filter((name) => Array.from(name).length <= max && !/[\n\r\u2028\u2029]/.test(name));
  const parts = fc.record({
    account: fc.record({
      domain: fc.constant("ID.CO.CONTOH.WWW"),
      pan: fc.stringMatching(/^9360[0-9]{14}$/),
      merchantId: fc.stringMatching(/^[0-9A-Z]{1,15}$/),
      criteria: fc.constantFrom("UMI", "UKE", "UME", "UBE"),
    }),
    nmid: fc.stringMatching(/^ID[0-9]{13}$/),
    categoryCode: fc.stringMatching(/^[0-9]{4}$/).filter((code) => code !== "4829"),
    amount: fc.option(fc.bigInt(1n, 999_999_999_999n).map((minor) => money(minor, IDR))),
    merchantName: text(25),
    city: text(15),
    postalCode: fc.stringMatching(/^[0-9]{5}$/),
    additional: fc.option(
      text(25).map((value) => [{ tag: "05", value }]),
      { nil: [] },
    ),
  });

  it("gives a payload that can be read again", () => {
    fc.assert(
      fc.property(parts, (given) => {
        const payload = makeQris(given);
        assert.ok(typeof payload === "string");
        const qris = parsed(payload);
        assert.deepEqual(
          [
            qris.accounts[0],
            qris.nmid,
            qris.categoryCode,
            qris.amount,
            qris.merchantName,
            qris.city,
            qris.postalCode,
          ],
          [
            { tag: "26", ...given.account },
            given.nmid,
            given.categoryCode,
            given.amount,
            given.merchantName,
            given.city,
            given.postalCode,
          ],
        );
        assert.equal(qris.additional.get("05"), given.additional[0]?.value);
        assert.equal(qris.initiation, given.amount ? "dynamic" : "static");
      }),
    );
  });

  it("reports the part that is too long", () => {
    const sample = fc.sample(parts, { numRuns: 1, seed: 1 })[0];
    assert.ok(sample);
    assert.deepEqual(makeQris({ ...sample, merchantName: "x".repeat(26) }), {
      problem: "value_invalid",
      tag: "59",
    });
    assert.deepEqual(makeQris({ ...sample, additional: [{ tag: "05", value: "x".repeat(100) }] }), {
      problem: "value_invalid",
      tag: "62",
    });
  });
});
