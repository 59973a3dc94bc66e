// Where one issuer keeps sessions, grants and tokens: in memory, bounded, each entry until it expires.
const ENTRIES_MAX = 200_000;

/** One issuer's storage; `adapter` is the constructor that oidc-provider asks for. */
export function createStore(now = Date.now) {
  const entries = new Map();
  const idByUserCode = new Map();
  const idBySessionUid = new Map();
  const keysByGrant = new Map();

  const remove = (key) => {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    const { userCode, uid, grantId } = entry.payload;
    if (idByUserCode.get(userCode) === key) idByUserCode.delete(userCode);
    if (idBySessionUid.get(uid) === key) idBySessionUid.delete(uid);
    const members = keysByGrant.get(grantId);
    members?.delete(key);
    if (members?.size === 0) keysByGrant.delete(grantId);
  };

  const read = (key) => {
    const entry = entries.get(key);
    if (!entry) return undefined;
    if (entry.expiresAt > now()) return entry.payload;
    remove(key);
    return undefined;
  };

  // Expired entries go first, then the oldest: a Map keeps the order of insertion.
  const makeRoom = () => {
    if (entries.size < ENTRIES_MAX) return;
    for (const [key, entry] of entries) if (entry.expiresAt <= now()) remove(key);
    for (const key of entries.keys()) {
      if (entries.size < ENTRIES_MAX) return;
      remove(key);
    }
  };

  return (model) => ({
    async upsert(id, payload, expiresIn) {
      const key = `${model}:${id}`;
      remove(key);
      makeRoom();
      entries.set(key, { payload, expiresAt: expiresIn ? now() + expiresIn * 1000 : Infinity });
      if (payload.userCode) idByUserCode.set(payload.userCode, key);
      if (model === 'Session') idBySessionUid.set(payload.uid, key);
      if (payload.grantId && model !== 'Session' && model !== 'Interaction') {
        if (!keysByGrant.has(payload.grantId)) keysByGrant.set(payload.grantId, new Set());
        keysByGrant.get(payload.grantId).add(key);
      }
    },
    find: async (id) => read(`${model}:${id}`),
    findByUid: async (uid) => read(idBySessionUid.get(uid)),
    findByUserCode: async (userCode) => read(idByUserCode.get(userCode)),
    async consume(id) {
      const payload = read(`${model}:${id}`);
      if (payload) payload.consumed = Math.floor(now() / 1000);
    },
    destroy: async (id) => remove(`${model}:${id}`),
    async revokeByGrantId(grantId) {
      for (const key of [...(keysByGrant.get(grantId) ?? [])]) remove(key);
    },
  });
}
