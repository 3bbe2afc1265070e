import pc from 'picocolors';
import { type Sibling, sibling } from '../sibling/sibling.ts';

export const middle = (): Sibling => sibling;
export const bold = (text: string): string => pc.bold(text);
