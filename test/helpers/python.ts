// Packages of Python that tests use, installed once into the project's cache.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** A Python that has the packages, or what is missing. */
export type Python = { readonly python: string } | { readonly missing: string };

export const packages = {
  moto: ['moto[s3,server]==5.2.5'],
  pyarrow: ['pyarrow==26.0.1'],
  jupyter: ['jupyter_client==8.10.0', 'nbconvert==7.17.2', 'nbclient==0.11.0', 'jupyter_kernel_test==0.7.0'],
} as const;

export function pythonWith(name: keyof typeof packages): Python {
  const script = join(__dirname, '../install-python.sh');
  const { stdout, stderr, status } = spawnSync('sh', [script, name, ...packages[name]], { encoding: 'utf8', timeout: 200_000 });
  return status === 0 ? { python: stdout.trim() } : { missing: stderr.trim() || 'it took too long' };
}
