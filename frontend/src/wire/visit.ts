/** Addresses of a session that lives on the server: `#s=<id>`, and `&k=<secret>` for who may act. */

export interface Visit {
  id: string;
  secret: string | null;
}

export function readVisit(hash: string): Visit | null {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const id = params.get('s');
  return id ? { id, secret: params.get('k') || null } : null;
}

/** A fragment is never sent to a server, so that the secret in it stays with who has the link. */
export function writeVisit({ id, secret }: Visit): string {
  const watch = `#s=${encodeURIComponent(id)}`;
  return secret ? `${watch}&k=${encodeURIComponent(secret)}` : watch;
}
