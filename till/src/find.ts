/** English words a cashier or guest may use for what the shelf calls by its Indonesian name. */
const alsoCalled: Readonly<Record<string, string>> = {
  banana: "pisang",
  bean: "biji",
  beans: "biji",
  bread: "roti",
  cake: "kue",
  cassava: "singkong",
  cheese: "keju",
  chocolate: "cokelat",
  coconut: "kelapa",
  coffee: "kopi",
  cold: "es",
  donut: "donat",
  doughnut: "donat",
  drink: "minuman",
  food: "makanan",
  fried: "goreng",
  fries: "kentang",
  ginger: "jahe",
  hot: "panas",
  ice: "es",
  iced: "es",
  jasmine: "melati",
  juice: "jus",
  milk: "susu",
  mineral: "mineral",
  noodle: "mie",
  noodles: "mie",
  orange: "jeruk",
  palm: "aren",
  potato: "kentang",
  pulled: "tarik",
  rice: "nasi",
  snack: "camilan",
  tea: "teh",
  toast: "bakar",
  water: "air",
};

/** Letters that Unicode takes for letters of their own, though people type them without their stroke. */
const strokes: Readonly<Record<string, string>> = {
  æ: "ae",
  ð: "d",
  ø: "o",
  þ: "th",
  đ: "d",
  ħ: "h",
  ı: "i",
  ł: "l",
  ŋ: "n",
  œ: "oe",
  ŧ: "t",
  ß: "ss",
  ς: "σ",
  ى: "ي",
  ة: "ه",
};

/** Marks that change nothing of what a word is: accents, Arabic vowel signs and stretched letters, joiners and variants. */
const MARKS = /[\p{Diacritic}\p{Default_Ignorable_Code_Point}\u0640\u064b-\u065f\u0670]/gu;

/** Text as it is compared: one case, one width, no accents, and the digits of every script as 0 to 9. */
const fold = (text: string) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(MARKS, "")
    .replace(/[^\p{ASCII}]/gu, (letter) => strokes[letter] ?? letter)
    .replace(/(?![0-9])\p{Nd}/gu, toDigit);

/** The digits of a script are ten consecutive code points; the first of them is its zero. */
function toDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return String((code - zero) % 10);
}

/** Words are letters, their marks and digits; a pictograph is a word of its own. */
const words = (folded: string) => folded.match(/[\p{L}\p{M}\p{N}]+|[\p{So}\p{Sk}]/gu) ?? [];

/** Scripts that put no space between words: a word may begin anywhere. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/**
 * Whether each word of `query`, in Indonesian or English, begins a word of `texts`; an empty query fits all, and one
 * that has no words fits the texts that it stands in.
 */
export function fits(query: string, ...texts: readonly string[]): boolean {
  const sought = fold(query).trim();
  const folded = texts.map(fold);
  const there = folded.flatMap(words);
  const begins = (word: string) =>
    there.some((one) => one.startsWith(word) || (UNSPACED.test(word) && one.includes(word)));
  const wanted = words(sought);
  if (wanted.length === 0) return folded.some((text) => text.includes(sought));
  return wanted.every((word) => begins(word) || begins(alsoCalled[word] ?? word));
}
