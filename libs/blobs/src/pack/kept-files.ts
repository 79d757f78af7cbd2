import { createHash } from 'node:crypto';
import { EntryWatch, type Artifact, type UnpackLimits } from '@remuda/domain';
import { atMost } from './at-most.js';
import { exactly } from './exactly.js';
import { invalidPack } from './packed.js';
import { tarEntries } from './tar-entries.js';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.js';

/**
 * The files of an uncompressed tar archive as another one of ours, which has nothing but files within one folder. Where each is in
 * it is added to `list`. Fails with `upload.invalid`, also for links and devices, and beyond the limits.
 */
export async function* keptFiles(
  content: AsyncIterable<Uint8Array>,
  limits: UnpackLimits,
  list: Artifact[],
): AsyncGenerator<Uint8Array> {
  const watch = new EntryWatch(limits);
  let from = 0;
  for await (const entry of tarEntries(atMost(content, limits))) {
    const checked = watch.next(entry);
    if ('fault' in checked) throw invalidPack(checked.fault);
    const { path } = checked;
    if (entry.kind !== 'file') {
      for await (const _ of entry.content);
      continue;
    }
    const { bytes, isExecutable } = entry;
    const header = tarHeader({ path, kind: 'file', bytes, isExecutable });
    yield header;
    const hash = createHash('sha256');
    for await (const chunk of exactly(entry.content, bytes, path)) {
      hash.update(chunk);
      yield chunk;
    }
    const padding = tarPadding(bytes);
    yield padding;
    list.push({ path, bytes, sha256: hash.digest('hex'), from: from + header.length });
    from += header.length + bytes + padding.length;
  }
  yield tarEnd;
}
