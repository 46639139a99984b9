// The screen of this terminal as it is now.
import { heldTerminal } from '../base/held-terminal';
import type { Screen, Settings } from '../contract/screen';

/** `live` where lines can be painted again. */
export function screenNow(settings: Settings, live: boolean): Screen {
  const { stdout } = process;
  const { colors } = settings;
  const color = colors === 'auto' ? stdout.isTTY === true && stdout.hasColors() : colors === 'on';
  const isDetached = heldTerminal()?.isDetached;
  return { columns: stdout.columns || 80, rows: stdout.rows, color, live, isDetached, settings };
}
