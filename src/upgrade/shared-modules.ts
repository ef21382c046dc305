/** Loaded before a release that has no dependencies of its own: those of the release that this file belongs to are its. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) => {
    const isPackage = !/^(?:\.|\/|node:|file:|data:)/.test(specifier);
    return next(specifier, isPackage ? { ...context, parentURL: import.meta.url } : context);
  },
});
