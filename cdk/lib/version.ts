import { readFileSync } from 'node:fs';

/** The version of the Cargo workspace, which is that of everything. */
export function workspaceVersion(): string {
  const manifest = readFileSync(new URL('../../Cargo.toml', import.meta.url), 'utf8');
  const version = /^\[workspace\.package\][^[]*?^version = "([^"]+)"/ms.exec(manifest)?.[1];
  if (!version) throw new Error('Cargo.toml has no version under [workspace.package]');
  return version;
}
