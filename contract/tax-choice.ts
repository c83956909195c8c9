import { PPN_INCLUDED, type TaxRule } from "./sale-total.ts";

/**
 * The taxes that a shop can choose: PPN included in its prices or added to them; the regional tax on food and
 * drink (PBJT, still called PB1; capped at 10 % by UU 1/2022), added; or none.
 */
export const TAX_CHOICES = ["ppn_included", "ppn_added", "pb1_10", "none"] as const;
export type TaxChoice = (typeof TAX_CHOICES)[number];

const rules: Readonly<Record<TaxChoice, TaxRule | undefined>> = {
  ppn_included: PPN_INCLUDED,
  ppn_added: { ...PPN_INCLUDED, included: false },
  pb1_10: { name: "PB1", rateBasisPoints: 1_000, baseNumerator: 1, baseDenominator: 1, included: false },
  none: undefined,
};

export function taxRuleOf(choice: TaxChoice): TaxRule | undefined {
  return rules[choice];
}

/** The choice that has this rule, or `undefined` if none has. */
export function taxChoiceOf(rule: TaxRule | undefined): TaxChoice | undefined {
  return TAX_CHOICES.find((choice) => {
    const chosen = rules[choice];
    return (
      chosen === rule ||
      (chosen &&
        rule &&
        (Object.keys(chosen) as Array<keyof TaxRule>).every((field) => chosen[field] === rule[field]))
    );
  });
}
