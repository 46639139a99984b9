// What can be measured on a page: contrast, width, what was injected. As text, for it runs in the browser, which knows nothing of our modules.
import type { Page } from 'playwright-core';

const contrast = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = (color) => {
    const [r, g, b] = channels(color).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isSeen = (color) => channels(color).length === 3 || channels(color)[3] > 0.5;
  const behind = (element) => {
    if (!element) return 'rgb(255, 255, 255)';
    const color = getComputedStyle(element).backgroundColor;
    return isSeen(color) ? color : behind(element.parentElement);
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text === '' || !element.checkVisibility() || element.closest('svg, noscript, .hidden, .skip')) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.add((element.className || element.tagName) + ' ' + ratio.toFixed(2) + ': ' + text.slice(0, 30));
  }
  return [...found];
})()`;

/** Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG AA). */
export const lowContrast = (page: Page): Promise<string[]> => page.evaluate<string[]>(contrast);

/** By how many pixels the page is wider than the screen. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

const strangers = `(() => {
  const strange = document.querySelectorAll('img, iframe, object, embed, form, base, meta[http-equiv], body script, body style, [onerror], [onload], [onclick], [style*="url("]');
  const hrefs = [...document.querySelectorAll('a')].map((a) => a.getAttribute('href') ?? '');
  const ran = 'hacked' in globalThis ? ['a script ran'] : [];
  return [...ran, ...hrefs.filter((href) => !/^(\\/[a-z]*(\\/\\d+)?|#main)$/.test(href)), ...[...strange].map((element) => element.outerHTML.slice(0, 80))];
})()`;

/** Elements that only markup out of data could have made, links that lead elsewhere, and scripts that ran. */
export const injected = (page: Page): Promise<string[]> => page.evaluate<string[]>(strangers);

/** The text of the element that has the focus. */
export const focused = (page: Page): Promise<string> => page.evaluate<string>('document.activeElement?.textContent ?? ""');
