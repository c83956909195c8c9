/** English words that a cashier or guest may use for products with Indonesian names. */
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

/** Letters that Unicode doesn't decompose, and how people type them without the stroke or ligature. */
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

/** Marks that are ignored: accents, Arabic vowel signs and tatweel, joiners and variation selectors. */
const MARKS = /[\p{Diacritic}\p{Default_Ignorable_Code_Point}\u0640\u064b-\u065f\u0670]/gu;

/** Text for comparison: lower case, one width, no accents, and the digits of every script as 0 to 9. */
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

/** A word is a run of letters, marks and digits; an emoji is a word by itself. */
const words = (folded: string) => folded.match(/[\p{L}\p{M}\p{N}]+|[\p{So}\p{Sk}]/gu) ?? [];

/** Scripts without spaces between words, in which a word may begin anywhere. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/**
 * Whether each word of `query`, in Indonesian or English, is the beginning of a word of `texts`. An empty
 * query matches everything. A query without words, such as `%`, matches texts that contain it.
 */
export function fits(query: string, ...texts: readonly string[]): boolean {
  const sought = fold(query).trim();
  const folded = texts.map(fold);
  const found = folded.flatMap(words);
  const begins = (word: string) =>
    found.some(
      (candidate) => candidate.startsWith(word) || (UNSPACED.test(word) && candidate.includes(word)),
    );
  const wanted = words(sought);
  if (wanted.length === 0) return folded.some((text) => text.includes(sought));
  return wanted.every((word) => begins(word) || begins(alsoCalled[word] ?? word));
}
