/** How the page looks: as the system does, or as a person has chosen. */
export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'remuda.theme';

/** The theme that was chosen in this browser. */
export function chosenTheme(): Theme {
  return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system';
}

/** Keeps a choice, and shows it. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(key, theme);
  keepTheme();
}

/** Shows the theme that was chosen. */
export function keepTheme(): void {
  document.documentElement.dataset['theme'] = chosenTheme();
}
