/** The language of the page: from the address, then what was chosen before, then what the browser prefers. */
import { url } from "../state/url.svelte.ts";
import type { Language } from "../state/url-state.ts";
import { english, type Messages } from "./messages-en.ts";
import { japanese } from "./messages-ja.ts";

const catalogues: Readonly<Record<Language, Messages>> = { en: english, ja: japanese };
const storageKey = "tatami-language";

export const languages: readonly { readonly id: Language; readonly name: string }[] = [
  { id: "en", name: english.languageName },
  { id: "ja", name: japanese.languageName },
];

function preferred(): Language {
  const stored = localStorage.getItem(storageKey);
  if (stored === "en" || stored === "ja") return stored;
  return navigator.languages.find((tag) => /^(en|ja)\b/.test(tag))?.startsWith("ja") ? "ja" : "en";
}

const fallback = preferred();

export const i18n = {
  get language(): Language {
    return url.state.language ?? fallback;
  },
  /** The catalogue of the language. */
  get t(): Messages {
    return catalogues[this.language];
  },
  choose(language: Language): void {
    localStorage.setItem(storageKey, language);
    url.set({ language });
  },
};
