import { checkedToCurrency, IDR, isRefusal, type Currency } from "@onegate/contract";
import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { readAmount } from "./amount.ts";
import { checkedToLayout, layouts, type Layout } from "./layout.ts";
import { readMoment } from "./moment.ts";
import { readStatement } from "./read-statement.ts";

const plain = layouts["plain"] as Layout;
const tripay = layouts["tripay"] as Layout;
const read = (text: string, layout = plain) => readStatement(Buffer.from(text), layout, IDR);
const rowsOf = (text: string, layout = plain) => {
  const found = read(text, layout);
  assert.ok(!isRefusal(found), inspect(found));
  return found.rows;
};
const refused = (text: string, layout = plain) => {
  const found = read(text, layout);
  assert.ok(isRefusal(found), "it should have been refused");
  return `${found.refusal} ${Object.entries(found.params ?? {})
    .filter(([name]) => name !== "known")
    .map(([name, value]) => `${name}=${value}`)
    .join(" ")}`.trim();
};

describe("an amount", () => {
  const cases: Array<[string, string, bigint]> = [
    ["1.234.567", "either", 123_456_700n],
    ["1,234,567.00", "either", 123_456_700n],
    ["1234567", "either", 123_456_700n],
    ["1.234.567,50", ",", 123_456_750n],
    ["1.234", "either", 123_400n],
    ["1,234", "either", 123_400n],
    ["12,5", "either", 1_250n],
    ["-1.000", "either", -100_000n],
    ["\u22121.000", ",", -100_000n],
    ["(1.000)", "either", -100_000n],
    ["(Rp 1.000,00)", ",", -100_000n],
    ["Rp\u00a012.500", "either", 1_250_000n],
    ["-Rp 12.500", "either", -1_250_000n],
    ["Rp-12.500", "either", -1_250_000n],
    ["IDR 275000.00", ".", 27_500_000n],
    ["0", ".", 0n],
    ["007", ".", 700n],
  ];
  for (const [text, mark, minor] of cases) {
    it(`${JSON.stringify(text)} with ${mark} is ${minor} minor units`, () =>
      assert.equal(readAmount(text, mark as "." | "," | "either", IDR), minor));
  }

  it("an amount with misplaced marks is refused, never guessed", () => {
    const wrong: Array<[string, "." | "," | "either"]> = [
      ["1.23.456", "either"],
      ["12.34.567", "either"],
      ["1,2,3", "either"],
      ["1.234,567.00", "either"],
      ["1e3", "."],
      ["NaN", "."],
      ["", "."],
      ["--5", "."],
      ["(-5)", "."],
      ["-Rp-5", "."],
      ["5-", "."],
      ["275000.00", ","],
      ["1.234,50", "."],
      ["12 500", "."],
      ["1.234.567", "."],
      ["Rp", "."],
      ["1.", "."],
      [".5", "."],
    ];
    for (const [text, mark] of wrong)
      assert.ok(isRefusal(readAmount(text, mark, IDR)), `${text} with ${mark}`);
    assert.deepEqual(readAmount("1.234", ".", IDR), { refusal: "amount_too_precise" });
    assert.deepEqual(readAmount("9".repeat(18), ".", IDR), { refusal: "amount_too_large" });
    assert.ok(
      isRefusal(readAmount("1.234", "either", checkedToCurrency("KWD") as Currency)),
      "three decimals or a thousand is ambiguous",
    );
  });

  it("an amount in any accepted notation is read exactly", () => {
    const write = (
      minor: bigint,
      decimal: "." | ",",
      grouped: boolean,
      sen: boolean,
      below: "minus" | "parentheses",
    ) => {
      const size = minor < 0n ? -minor : minor;
      const whole = (size / 100n).toString();
      const figures =
        (grouped ? whole.replace(/\B(?=(\d{3})+(?!\d))/g, decimal === "." ? "," : ".") : whole) +
        (sen ? `${decimal}${(size % 100n).toString().padStart(2, "0")}` : "");
      return minor >= 0n ? figures : below === "minus" ? `-${figures}` : `(${figures})`;
    };
    fc.assert(
      fc.property(
        fc.bigInt(-(10n ** 15n), 10n ** 15n),
        fc.constantFrom(".", ","),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom("minus", "parentheses"),
        fc.boolean(),
        (drawn, decimal, grouped, sen, below, named) => {
          const minor = sen ? drawn : (drawn / 100n) * 100n;
          const text = write(minor, decimal, grouped, sen, below);
          assert.equal(readAmount(text, named ? decimal : "either", IDR), minor, text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("any text is an amount or a refusal", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."0123456789.,-() RpIDRe\u00a0") }), (text) => {
        const found = readAmount(text, "either", IDR);
        assert.ok(typeof found === "bigint" || isRefusal(found));
      }),
    );
  });
});

describe("a moment", () => {
  const formats = ["YYYY-MM-DD", "DD/MM/YYYY", "DD MMM YYYY", "unix"] as const;
  const of = (text: string) => {
    const found = readMoment(text, formats, "Asia/Jakarta");
    return found && `${found.day} ${found.time}`;
  };
  it("a moment is read in the format of its file, with or without a time", () => {
    assert.equal(of("2026-11-20"), "2026-11-20 null");
    assert.equal(of("2026-11-20 13:05:09"), "2026-11-20 13:05:09");
    assert.equal(of("20/11/2026 13.05"), "2026-11-20 13:05:00");
    assert.equal(of("5 Agustus 2026"), "2026-08-05 null");
    assert.equal(of("05 Okt 2026, 07:00 WIB"), "2026-10-05 07:00:00");
    assert.equal(of("1763256923"), "2025-11-16 08:35:23");
  });
  it("a moment with its own zone is converted to the layout's", () => {
    assert.equal(of("2026-11-20T23:30:00Z"), "2026-11-21 06:30:00");
    assert.equal(of("2026-11-20T01:00:00+09:00"), "2026-11-19 23:00:00");
  });
  it("a date that does not exist is not accepted", () => {
    for (const text of [
      "2026-02-30",
      "31/04/2026",
      "2026-13-01",
      "20-11-2026",
      "2026-11-20 25:00",
      "kemarin",
      "",
      "2026-11-20x",
    ])
      assert.equal(of(text), undefined, text);
  });
});

const HEADER = "reference,merchant_ref,gross,fee,net,paid_at";

describe("a file", () => {
  it("separators, quotes, a byte order mark and line endings do not change what is read", () => {
    const lines = [
      HEADER.split(","),
      ["T1", "OG1", "25000", "925", "24075", "2026-11-20"],
      ["T2", "", "1000", "0", "1000", "2026-11-20 09:00"],
    ];
    const wanted = rowsOf(lines.map((cells) => cells.join(",")).join("\n"));
    assert.deepEqual(
      wanted.map(({ reference, merchantRef, gross, fee, net }) => [reference, merchantRef, gross, fee, net]),
      [
        ["T1", "OG1", 2_500_000n, 92_500n, 2_407_500n],
        ["T2", null, 100_000n, 0n, 100_000n],
      ],
    );
    for (const delimiter of [",", ";", "\t", "|"]) {
      for (const end of ["\n", "\r\n"]) {
        for (const quote of [(cell: string) => cell, (cell: string) => `"${cell}"`]) {
          const text = lines.map((cells) => cells.map(quote).join(delimiter)).join(end) + end;
          assert.deepEqual(rowsOf(`\uFEFF${text}`), wanted);
          const wide = readStatement(Buffer.from(`\uFEFF${text}`, "utf16le"), plain, IDR);
          assert.ok(!isRefusal(wide));
          assert.deepEqual(wide.rows, wanted);
        }
      }
    }
  });

  it("a file may have a title above its headers, empty lines, and line breaks in a cell", () => {
    const [row] = rowsOf(
      `Laporan;;;;;\n\n${HEADER.replaceAll(",", ";")};keterangan\n` +
        `T1;OG1;25.000;925;24.075;2026-11-20;"satu\ndua"\n;;;;;;\n`,
    );
    assert.equal(row?.line, 5, "the line where the row ends");
    assert.equal(row?.raw["keterangan"], "satu\ndua");
  });

  it("in Tripay's layout, the customer's fee is left out and unpaid rows are skipped", () => {
    const text = [
      "Referensi;Ref Merchant;Status;Jumlah;Biaya Merchant;Biaya Pelanggan;Jumlah Diterima;Tanggal Bayar;" +
        "Nama Pelanggan",
      "T1;OG1;PAID;Rp 10.820;0;820;10.000;20/11/2026 10:00;Budi",
      "T2;OG2;UNPAID;5.000;0;0;5.000;;Citra",
      "T3;OG3;REFUND;25.000;0;0;25.000;21/11/2026;Dewi",
    ].join("\r\n");
    const found = read(text, tripay);
    assert.ok(!isRefusal(found), inspect(found));
    assert.equal(found.skipped, 1);
    assert.deepEqual(
      found.rows.map(({ kind, gross, fee, net }) => [kind, gross, fee, net]),
      [
        ["payment", 1_000_000n, 0n, 1_000_000n],
        ["refund", -2_500_000n, 0n, -2_500_000n],
      ],
    );
    assert.doesNotMatch(
      JSON.stringify(found.rows.map(({ raw }) => raw)),
      /Budi|Dewi/,
      "names of people are not kept",
    );
  });

  it("a file with other headers is read with a mapping, field by field", () => {
    const layout = checkedToLayout(
      "plain",
      JSON.stringify({
        columns: { gross: ["Nilai"], paid: ["Tgl"] },
        decimal: ",",
        dates: ["DD/MM/YYYY"],
        signs: { fee: "minus" },
      }),
    );
    assert.ok(!isRefusal(layout));
    const [row] = rowsOf('reference,nilai,fee,tgl\nT1,"25.000,00","-925,00",20/11/2026\n', layout);
    assert.deepEqual([row?.gross, row?.fee, row?.net], [2_500_000n, 92_500n, 2_407_500n]);
    assert.deepEqual(checkedToLayout("plain", "{"), {
      refusal: "statement_mapping_invalid",
      params: { field: "/" },
    });
    for (const [mapping, field] of [
      [{ columns: { wrong: ["x"] } }, "/columns/wrong"],
      [{ decimal: ";" }, "/decimal"],
      [{ time_zone: "Mars/Phobos" }, "/time_zone"],
      [{ time_zone: "+07:00" }, "/time_zone"],
    ] as const) {
      assert.deepEqual(checkedToLayout("plain", JSON.stringify(mapping)), {
        refusal: "statement_mapping_invalid",
        params: { field },
      });
    }
    assert.equal(
      (checkedToLayout("nosuch", undefined) as { refusal: string }).refusal,
      "statement_layout_unknown",
    );
    assert.equal(
      (checkedToLayout("__proto__", undefined) as { refusal: string }).refusal,
      "statement_layout_unknown",
    );
  });

  it("a file that can't be read is refused, with the row and the field", () => {
    const file = (...rows: string[]) => [HEADER, ...rows].join("\n");
    const good = "T1,OG1,25000,925,24075,2026-11-20";
    assert.equal(refused(""), "statement_column_missing field=gross");
    assert.equal(refused("PK\u0003\u0004\0\0"), "statement_unreadable problem=encoding");
    assert.ok(isRefusal(readStatement(Uint8Array.of(0xff, 0xc3, 0x28), plain, IDR)));
    assert.equal(refused("reference,gross,paid_at\nT1,1,2026-11-20"), "statement_column_missing field=net");
    assert.equal(refused("reference,gross,net\nT1,1,1"), "statement_column_missing field=paid");
    assert.equal(refused(HEADER), "statement_empty");
    assert.equal(
      refused(file(good, 'T2,"OG2,1,1,1,2026-11-20')),
      "statement_unreadable row=3 problem=csv_quote_not_closed",
    );
    assert.equal(
      refused(file(good, "T2,OG2,1000,0,1000")),
      "statement_row_invalid row=3 field=* problem=5_cells_instead_of_6",
    );
    assert.equal(
      refused(file(good, "T2,OG2,1e3,0,1000,2026-11-20")),
      "statement_row_invalid row=3 field=gross problem=amount_malformed",
    );
    assert.equal(
      refused(file(good, "T2,OG2,,0,1000,2026-11-20")),
      "statement_row_invalid row=3 field=gross problem=missing",
    );
    assert.equal(
      refused(file("T2,OG2,-1000,0,-1000,2026-11-20")),
      "statement_row_invalid row=2 field=gross problem=amount_not_positive",
    );
    assert.equal(
      refused(file("T2,OG2,1000,100,950,2026-11-20")),
      "statement_row_invalid row=2 field=net problem=net_is_not_gross_less_fee",
    );
    assert.equal(
      refused(file("T2,OG2,1000,100,900,20/11/2026")),
      "statement_row_invalid row=2 field=paid problem=date_malformed",
    );
    assert.equal(
      refused(file(",,1000,100,900,2026-11-20")),
      "statement_row_invalid row=2 field=reference problem=missing",
    );
    assert.equal(
      refused(file(`${"x".repeat(81)},,1000,100,900,2026-11-20`)),
      "statement_row_invalid row=2 field=reference problem=too_long",
    );
    assert.equal(
      refused("reference,gross,net,paid_at,kind\nT1,1,1,2026-11-20,hadiah"),
      "statement_row_invalid row=2 field=kind problem=unknown",
    );
    assert.equal(
      refused("reference,gross,net,paid_at,kind\nT1,1,1,2026-11-20,__proto__"),
      "statement_row_invalid row=2 field=kind problem=unknown",
    );
    assert.equal(
      refused("reference,gross,net,paid_at,kind\nT1,1,1,2026-11-20,refund"),
      "statement_row_invalid row=2 field=gross problem=refund_above_zero",
    );
    const most = "9000000000000000.00";
    assert.equal(
      refused(file(`T1,,${most},0,${most},2026-11-20`, "T2,,1,0,1,2026-11-20")),
      "statement_row_invalid row=3 field=gross problem=amount_too_large",
      "their sum is too large",
    );
    assert.equal(
      refused("reference,gross,net,paid_at,currency\nT1,1,1,2026-11-20,USD"),
      "statement_row_invalid row=2 field=currency problem=currency_differs",
    );
  });

  it("a megabyte of quotes, separators or line ends is read or refused quickly", () => {
    for (const text of ['"', '"a', '""a', ",", "\n", ";\n", '"\n', "\t\r"]) {
      const begun = performance.now();
      assert.ok(isRefusal(read(text.repeat(Math.floor(1_000_000 / text.length)))), JSON.stringify(text));
      assert.ok(
        performance.now() - begun < 2_000,
        `${JSON.stringify(text)} took ${performance.now() - begun} ms`,
      );
    }
  });

  it("any bytes are read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const found = readStatement(bytes, plain, IDR);
        assert.ok(isRefusal(found) || found.rows.length > 0);
      }),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.constantFrom("T1", '"', ",", "1.000", "2026-11-20", "\n", ";", "-1"), { maxLength: 8 }),
          { maxLength: 8 },
        ),
        (lines) => {
          const found = read(`${HEADER}\n${lines.map((cells) => cells.join(",")).join("\n")}`);
          assert.ok(isRefusal(found) || found.rows.every(({ gross, fee, net }) => net === gross - fee));
        },
      ),
    );
  });
});
