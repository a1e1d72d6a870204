import type { Problem } from '../types';
import { type Deployed, deploy, deploymentsOf, forget, said } from './model';

/** The deployed models of this session, and the key of the one that was made last. */
class Deployments {
  list = $state.raw<Deployed[]>([]);
  made = $state.raw<{ model: Deployed; key: string } | null>(null);
  problems = $state.raw<Problem[]>([]);
  busy = $state(false);
  #session = '';
  /** How often the list was asked for or changed: an answer to an earlier question is old. */
  #turn = 0;

  /** Those of this session; asked for again where it is the same. */
  async ask(session: string): Promise<void> {
    if (this.#session !== session) [this.#session, this.list, this.made] = [session, [], null];
    const turn = ++this.#turn;
    const list = await deploymentsOf(session).catch(() => null);
    if (list && this.#turn === turn) this.list = list;
  }

  async make(session: string, secret: string, title: string): Promise<void> {
    await this.#attempt(async () => {
      const { key, ...model } = await deploy(session, secret, title);
      this.#turn++;
      this.made = { model, key };
      this.list = [model, ...this.list];
    });
  }

  async forget(id: string, secret: string): Promise<void> {
    await this.#attempt(async () => {
      await forget(id, secret);
      this.#turn++;
      this.list = this.list.filter((one) => one.id !== id);
      if (this.made?.model.id === id) this.made = null;
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    [this.busy, this.problems] = [true, []];
    try {
      await work();
    } catch (error) {
      this.problems = said(error);
    } finally {
      this.busy = false;
    }
  }
}

export const deployments = new Deployments();
