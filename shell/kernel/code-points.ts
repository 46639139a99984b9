// Positions in a cell: Jupyter counts code points, TypeScript units of UTF-16.

/** The offset in UTF-16 units of a position in code points. */
export function unitsAt(text: string, position: number): number {
  let units = 0;
  for (let i = 0; i < position && units < text.length; i++) units += text.codePointAt(units)! > 0xffff ? 2 : 1;
  return units;
}

/** The position in code points of an offset in UTF-16 units. */
export const pointsAt = (text: string, units: number): number => [...text.slice(0, units)].length;
