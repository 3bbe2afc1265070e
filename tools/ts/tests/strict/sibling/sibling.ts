export const sibling = 'sibling';
export type Sibling = typeof sibling;
