import type { KindValue } from '../types';
import type { Reading, Sending, Upload, Wire } from './wire';

/** A server's end of uploads, for tests: what it says is told by hand. */
export class FakeUploads implements Wire {
  sent: { name: string; text: string; reading: Reading }[] = [];
  forgotten: string[] = [];
  /** Called while a file is being sent. */
  onsend: () => void = () => {};
  looked = 0;
  /** What is thrown at the next sending, or looking. */
  refusing: unknown = null;
  now: Upload = upload({ status: 'reading' });

  send = async (file: Blob, name: string, reading: Reading, sending: Sending): Promise<Upload> => {
    this.sent.push({ name, text: await file.text(), reading });
    sending.onprogress(file.size);
    this.onsend();
    return this.#answer();
  };

  look = async (): Promise<Upload> => {
    this.looked += 1;
    return this.#answer();
  };

  forget = async (id: string): Promise<void> => {
    this.forgotten.push(id);
  };

  #answer(): Upload {
    const wrong = this.refusing;
    this.refusing = null;
    if (wrong) throw wrong;
    return this.now;
  }
}

export const upload = (part: Partial<Upload> = {}): Upload => ({
  id: 'u1',
  name: 'iris.csv',
  size: 10,
  status: 'done',
  progress: 0,
  doing: null,
  datasets: [{ kind: 'own_table', file: 'abc' } as KindValue],
  about: null,
  notes: [],
  error: null,
  ...part,
});
