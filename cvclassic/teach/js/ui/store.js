// A value with listeners: what the steps of a part share.

export function store(initial) {
  let value = initial;
  const listeners = [];
  return {
    get value() {
      return value;
    },
    set(changes) {
      value = { ...value, ...changes };
      for (const listener of listeners) listener(value, changes);
    },
    // Called now and at every change.
    follow(listener) {
      listeners.push(listener);
      listener(value, value);
    },
  };
}
