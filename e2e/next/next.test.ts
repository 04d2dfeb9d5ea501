import { serverComponentCases } from '../support/server-component-cases.ts'

serverComponentCases('next')
