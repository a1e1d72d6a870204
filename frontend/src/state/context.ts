import { getContext, setContext } from 'svelte';
import type { Lab } from '../types';
import type { LabStore } from './lab.svelte';

const KEY = Symbol('lab');

export const provideLab = <L extends Lab>(lab: L): L => setContext(KEY, lab);

/** The page's one store; call it while a component is being created. */
export const useLab = (): Lab => getContext<Lab>(KEY);

/** The same with what only the shell needs. */
export const useLabStore = (): LabStore => getContext<LabStore>(KEY);
