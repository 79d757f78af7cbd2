export { chooseCredential, credentialVariables, type Credential } from './credential.js';
export { createDirectServer, type DirectServer } from './direct-server.js';
export { outgoingHeaders, tokenOf } from './request/headers.js';
export { maxBodyBytes, readBody } from './request/read-body.js';
export { routeOf, type Route } from './request/route.js';
export { forward, type Exchange, type Passage } from './upstream/forward.js';
export { openUpstream, type Upstream } from './upstream/upstream.js';
export { credentialSettings } from './settings.js';
