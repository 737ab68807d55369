import { postgresHome } from "../../support/postgres/home.ts"
import { testRandomItems } from "./random-items.ts"

testRandomItems({ warehouse: "PostgreSQL", home: postgresHome, sortType: "pg_typeof(sort)::text" })
