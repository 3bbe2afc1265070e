// Which calls a load is made of: methods by weight, drawn by a generator that a seed decides.

/** The methods of the route guide. */
export const METHODS = ['GetFeature', 'ListFeatures', 'RecordRoute', 'RouteChat'] as const;
export type Method = (typeof METHODS)[number];

/** How often each method is called, in parts of all weights. */
export type Mix = Readonly<Record<Method, number>>;

/** Mostly reads, as most services have it; one call in five writes a note. */
export const DEFAULT_MIX: Mix = { GetFeature: 60, ListFeatures: 10, RecordRoute: 10, RouteChat: 20 };

/** Reads `GetFeature=60,RouteChat=40`; a method that is left out is not called. Undefined where the text is none. */
export function parseMix(text: string): Mix | undefined {
  const mix: Record<Method, number> = { GetFeature: 0, ListFeatures: 0, RecordRoute: 0, RouteChat: 0 };
  for (const part of text.split(',')) {
    const [, name, weight] = /^([A-Za-z]+)=(\d{1,6})$/.exec(part.trim()) ?? [];
    const method = METHODS.find((one) => one === name);
    if (method === undefined) return undefined;
    mix[method] += Number(weight);
  }
  return Object.values(mix).some((weight) => weight > 0) ? mix : undefined;
}

/** Draws methods by their weights. */
export function drawMethod(mix: Mix, random: () => number): Method {
  const total = METHODS.reduce((sum, method) => sum + mix[method], 0);
  let left = random() * total;
  for (const method of METHODS) {
    left -= mix[method];
    if (left < 0) return method;
  }
  throw new Error('a mix has a weight above 0');
}
