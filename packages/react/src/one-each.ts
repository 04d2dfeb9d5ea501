/** Makes one thing for each owner, when it is first asked for. */
export function oneEach<Owner extends object, Thing>(create: (owner: Owner) => Thing): (owner: Owner) => Thing {
  const things = new WeakMap<Owner, Thing>()
  return owner => {
    const thing = things.get(owner) ?? create(owner)
    things.set(owner, thing)
    return thing
  }
}
