// The first line of the prompt.
import { packageVersion } from '../base/package-root';

export function bannerText(master: string, color: boolean): string {
  const name = color ? '\x1b[1mMillrace\x1b[22m' : 'Millrace';
  return `${name} ${packageVersion()} · master ${master} · sc is the context, .help lists the commands\n`;
}
