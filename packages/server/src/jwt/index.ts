export { jwtAuth, type JwtAuth, type JwtOptions } from './jwt-auth.ts'
