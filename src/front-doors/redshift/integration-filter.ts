import { Fault } from "../../domain/faults.ts"
import { integrationStatuses } from "../../domain/integration.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { IntegrationFilter } from "../../state/integrations/integrations.ts"
import type { InputOf } from "../../wire/aws-query/operation.ts"
import type { RedshiftOperations } from "./operations.ts"

type Filters = InputOf<RedshiftOperations["DescribeIntegrations"]>["Filters"]

/** What the cloud's examples call the sources, and the service that stands in their ARNs. */
const sourceTypes: Record<string, string> = { dynamodb: "dynamodb", "s3-event-notifications": "s3" }

/** Filters narrow together; of a filter's values any will do. @throws Fault invalidValue, invalidCombination. */
export function integrationFilter(filters: Filters = []): IntegrationFilter {
  const filter: IntegrationFilter = {}
  const names = filters.map(({ Name }) => Name)
  const repeated = names.find((name, at) => names.indexOf(name) !== at)
  if (repeated !== undefined) {
    throw new Fault("invalidCombination", `The filter ${repeated} is given twice: give it all its values.`)
  }
  for (const { Name, Values } of filters) {
    if (Values.length === 0) throw new Fault("invalidValue", `The filter ${Name} needs at least one value.`)
    switch (Name) {
      case "integration-arn":
        filter.arns = Values
        break
      case "source-arn":
        filter.sourceArns = Values
        break
      case "source-types":
        filter.sourceServices = Values.map((value) => known(Name, value, sourceTypes))
        break
      case "status":
        filter.statuses = Values.map((value) => known(Name, value, statuses))
        break
      default:
        unreachable(Name)
    }
  }
  return filter
}

const statuses = Object.fromEntries(integrationStatuses.map((status) => [status, status]))

function known<T>(name: string, value: string, values: Record<string, T>): T {
  const found = Object.hasOwn(values, value) ? values[value] : undefined
  if (found !== undefined) return found
  throw new Fault("invalidValue", `The filter ${name} takes ${Object.keys(values).join(", ")}.`)
}
