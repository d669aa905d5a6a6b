// What a script says, in the page's language: the sentences stand in the page, as data of a hidden element.

const rules = new Intl.PluralRules(document.documentElement.lang);

/** The sentences of the element `id`: `say("lost")`, or with what stands in braces, `say("most", { files: 3 })`. */
export const wordsOf = (id) => {
  const { dataset } = document.getElementById(id);
  return (name, values = {}) => dataset[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
};

/** The sentence for a count: `imagesOne` or `imagesMany`, as the language wants it. */
export const counted = (say, name, count) =>
  say(`${name}${rules.select(count) === "one" ? "One" : "Many"}`, { count });
