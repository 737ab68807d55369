import { skip } from "../../replication/dynamodb/fixture.ts"
import { testWarehouse } from "../../support/pipeline.ts"
import { dynamoDbCell } from "./dynamodb-cell.ts"
import { describeFaults } from "./suite.ts"

const home = testWarehouse()

describeFaults("DynamoDB", skip || undefined, (context) => dynamoDbCell(context, home), {
  copiesBeside: true,
})
