// A live pane as HTML, for notebooks: title, time and facts above its rows, which have bars as at the prompt.
import type { PaneModel } from '../contract/pane';
import { escapeHtml, htmlRow } from './html-table';

/** The longest bar, in pixels. */
const widestBar = 200;

export function htmlPane({ title, time, facts, late, headings, rows, numeric, left }: PaneModel): string {
  const top = Math.max(0, ...rows.map(({ value = 0 }) => value));
  const bar = (value: number | undefined) => {
    const width = value !== undefined && value > 0 ? Math.max(1, Math.round((value / top) * widestBar)) : 0;
    return `<td><div style="width: ${width}px; height: 0.8em; background: #4c78a8"></div></td>`;
  };
  const hasBars = rows.some(({ value }) => value !== undefined);
  const body = rows.map(({ cells, value }) => {
    const row = htmlRow('td', cells, numeric);
    return hasBars ? row.replace(/<\/tr>$/, `${bar(value)}</tr>`) : row;
  });
  const head = headings && rows.length > 0 ? [`<thead>${htmlRow('th', headings, numeric)}</thead>`] : [];
  const lines = late === undefined ? facts : [late, ...facts];
  return [
    `<div><b>${escapeHtml(title)}</b> ${escapeHtml(time)}</div>`,
    `<div><small>${lines.map(escapeHtml).join(' · ')}</small></div>`,
    ...(rows.length > 0 ? ['<table>', ...head, '<tbody>', ...body, '</tbody></table>'] : ['<div>no rows</div>']),
    ...(left > 0 ? [`<div><small>… ${left} more</small></div>`] : []),
  ].join('\n');
}
