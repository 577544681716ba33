/** A value of a CloudFormation template. */
export type Value = any;

/** The parts as one text, which only the deployment can join: Fn::Join, with neighboring texts as one. */
export function concatenated(parts: readonly Value[]): Value {
  const fewer = parts.reduce<Value[]>((all, part) => {
    if (typeof part === 'string' && typeof all.at(-1) === 'string') all.push(all.pop() + part);
    else if (part !== '') all.push(part);
    return all;
  }, []);
  return { 'Fn::Join': ['', fewer] };
}
