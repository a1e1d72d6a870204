/** Files as they are dropped or chosen, folders among them. */

/** A file and where it lies in what was brought: `cat/1.png`. */
export interface Brought {
  path: string;
  file: File;
}

/** What an `<input type="file">` holds; of a folder all that is in it. */
export const chosen = (files: Iterable<File>): Brought[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** What was dropped. To be called while the event is, as its data are gone after it. */
export async function dropped({ items, files }: DataTransfer): Promise<Brought[]> {
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
  if (!entries.some(({ isDirectory }) => isDirectory)) return chosen(files);
  return (await Promise.all(entries.map(inside))).flat();
}

async function inside(entry: FileSystemEntry): Promise<Brought[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) =>
      (entry as FileSystemFileEntry).file(done, failed),
    );
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Brought[] = [];
  for (;;) {
    // a reader gives some of its entries at a time, and at last none
    const some = await new Promise<FileSystemEntry[]>((done, failed) =>
      reader.readEntries(done, failed),
    );
    if (!some.length) return found;
    for (const one of some) found.push(...(await inside(one)));
  }
}

/** `.csv` of `Iris.CSV`; '' where there is none. */
export const endingOf = (path: string): string => /\.[^./]+$/.exec(path)?.[0].toLowerCase() ?? '';

/**
 * Those of many files that something reads, in a fixed order, from the folder that holds the
 * classes on. One file is the server's to judge.
 */
export function sorted(brought: Brought[], endings: readonly string[]): Brought[] {
  if (brought.length < 2) return brought;
  const known = brought.filter(({ path }) => endings.includes(endingOf(path)));
  return shortened(known).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Without the folder that all lie in, where there are folders in that one. */
function shortened(files: Brought[]): Brought[] {
  const [root] = files[0]?.path.split('/') ?? [];
  const common = files.every(
    ({ path }) => path.startsWith(`${root}/`) && path.split('/').length > 2,
  );
  if (!root || !common) return files;
  return files.map(({ path, file }) => ({ path: path.slice(root.length + 1), file }));
}

/** What the whole is called: a file by its name, a folder by its own. */
export function nameOf(brought: Brought[]): string {
  const [first] = brought;
  if (!first) return '';
  if (brought.length === 1) return first.file.name;
  const roots = new Set(brought.map(({ path }) => (path.includes('/') ? path.split('/')[0] : '')));
  const [root] = roots;
  return `${roots.size === 1 && root ? root : 'files'}.zip`;
}

const AT_ONCE = 100; // files

/** Bytes of all of them. The disk is asked about each, so frames may be drawn in between. */
export async function sizeOf(files: Brought[]): Promise<number> {
  let total = 0;
  for (const [i, { file }] of files.entries()) {
    if (i % AT_ONCE === AT_ONCE - 1) await new Promise((drawn) => setTimeout(drawn));
    total += file.size;
  }
  return total;
}
