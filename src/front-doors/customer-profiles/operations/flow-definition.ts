import { flagShape, string1To255Shape, typeNameShape } from "./shapes.ts"

export const objectTypeNamesShape = { kind: "map", key: string1To255Shape, value: typeNameShape } as const

const flowDescriptionShape = { kind: "string", max: 2048, pattern: "[\\w!@#\\-.?,\\s]*" } as const

const flowNameShape = { kind: "string", max: 256, pattern: "[a-zA-Z0-9][\\w!@#.-]+" } as const

const kmsArnShape = { kind: "string", min: 20, max: 2048, pattern: "arn:aws:kms:.*:[0-9]+:.*" } as const

const connectorProfileNameShape = { kind: "string", max: 256, pattern: "[\\w/!@#+=.-]+" } as const

const sourceConnectorTypeShape = {
  kind: "string",
  values: ["Salesforce", "Marketo", "Zendesk", "Servicenow", "S3"],
} as const

const datetimeTypeFieldNameShape = { kind: "string", max: 256, pattern: ".*" } as const

const incrementalPullConfigShape = {
  kind: "structure",
  members: { DatetimeTypeFieldName: datetimeTypeFieldNameShape },
} as const

const objectShape = { kind: "string", max: 512, pattern: "\\S+" } as const

const marketoSourcePropertiesShape = {
  kind: "structure",
  members: { Object: objectShape },
  required: ["Object"],
} as const

const bucketNameShape = { kind: "string", min: 3, max: 63, pattern: "\\S+" } as const

const bucketPrefixShape = { kind: "string", max: 512, pattern: ".*" } as const

const s3SourcePropertiesShape = {
  kind: "structure",
  members: { BucketName: bucketNameShape, BucketPrefix: bucketPrefixShape },
  required: ["BucketName"],
} as const

const salesforceSourcePropertiesShape = {
  kind: "structure",
  members: { Object: objectShape, EnableDynamicFieldUpdate: flagShape, IncludeDeletedRecords: flagShape },
  required: ["Object"],
} as const

const serviceNowSourcePropertiesShape = {
  kind: "structure",
  members: { Object: objectShape },
  required: ["Object"],
} as const

const zendeskSourcePropertiesShape = {
  kind: "structure",
  members: { Object: objectShape },
  required: ["Object"],
} as const

const sourceConnectorPropertiesShape = {
  kind: "structure",
  members: {
    Marketo: marketoSourcePropertiesShape,
    S3: s3SourcePropertiesShape,
    Salesforce: salesforceSourcePropertiesShape,
    ServiceNow: serviceNowSourcePropertiesShape,
    Zendesk: zendeskSourcePropertiesShape,
  },
} as const

const sourceFlowConfigShape = {
  kind: "structure",
  members: {
    ConnectorProfileName: connectorProfileNameShape,
    ConnectorType: sourceConnectorTypeShape,
    IncrementalPullConfig: incrementalPullConfigShape,
    SourceConnectorProperties: sourceConnectorPropertiesShape,
  },
  required: ["ConnectorType", "SourceConnectorProperties"],
} as const

const marketoConnectorOperatorShape = {
  kind: "string",
  values: [
    "PROJECTION",
    "LESS_THAN",
    "GREATER_THAN",
    "BETWEEN",
    "ADDITION",
    "MULTIPLICATION",
    "DIVISION",
    "SUBTRACTION",
    "MASK_ALL",
    "MASK_FIRST_N",
    "MASK_LAST_N",
    "VALIDATE_NON_NULL",
    "VALIDATE_NON_ZERO",
    "VALIDATE_NON_NEGATIVE",
    "VALIDATE_NUMERIC",
    "NO_OP",
  ],
} as const

const s3ConnectorOperatorShape = {
  kind: "string",
  values: [
    "PROJECTION",
    "LESS_THAN",
    "GREATER_THAN",
    "BETWEEN",
    "LESS_THAN_OR_EQUAL_TO",
    "GREATER_THAN_OR_EQUAL_TO",
    "EQUAL_TO",
    "NOT_EQUAL_TO",
    "ADDITION",
    "MULTIPLICATION",
    "DIVISION",
    "SUBTRACTION",
    "MASK_ALL",
    "MASK_FIRST_N",
    "MASK_LAST_N",
    "VALIDATE_NON_NULL",
    "VALIDATE_NON_ZERO",
    "VALIDATE_NON_NEGATIVE",
    "VALIDATE_NUMERIC",
    "NO_OP",
  ],
} as const

const salesforceConnectorOperatorShape = {
  kind: "string",
  values: [
    "PROJECTION",
    "LESS_THAN",
    "CONTAINS",
    "GREATER_THAN",
    "BETWEEN",
    "LESS_THAN_OR_EQUAL_TO",
    "GREATER_THAN_OR_EQUAL_TO",
    "EQUAL_TO",
    "NOT_EQUAL_TO",
    "ADDITION",
    "MULTIPLICATION",
    "DIVISION",
    "SUBTRACTION",
    "MASK_ALL",
    "MASK_FIRST_N",
    "MASK_LAST_N",
    "VALIDATE_NON_NULL",
    "VALIDATE_NON_ZERO",
    "VALIDATE_NON_NEGATIVE",
    "VALIDATE_NUMERIC",
    "NO_OP",
  ],
} as const

const serviceNowConnectorOperatorShape = {
  kind: "string",
  values: [
    "PROJECTION",
    "CONTAINS",
    "LESS_THAN",
    "GREATER_THAN",
    "BETWEEN",
    "LESS_THAN_OR_EQUAL_TO",
    "GREATER_THAN_OR_EQUAL_TO",
    "EQUAL_TO",
    "NOT_EQUAL_TO",
    "ADDITION",
    "MULTIPLICATION",
    "DIVISION",
    "SUBTRACTION",
    "MASK_ALL",
    "MASK_FIRST_N",
    "MASK_LAST_N",
    "VALIDATE_NON_NULL",
    "VALIDATE_NON_ZERO",
    "VALIDATE_NON_NEGATIVE",
    "VALIDATE_NUMERIC",
    "NO_OP",
  ],
} as const

const zendeskConnectorOperatorShape = {
  kind: "string",
  values: [
    "PROJECTION",
    "GREATER_THAN",
    "ADDITION",
    "MULTIPLICATION",
    "DIVISION",
    "SUBTRACTION",
    "MASK_ALL",
    "MASK_FIRST_N",
    "MASK_LAST_N",
    "VALIDATE_NON_NULL",
    "VALIDATE_NON_ZERO",
    "VALIDATE_NON_NEGATIVE",
    "VALIDATE_NUMERIC",
    "NO_OP",
  ],
} as const

const connectorOperatorShape = {
  kind: "structure",
  members: {
    Marketo: marketoConnectorOperatorShape,
    S3: s3ConnectorOperatorShape,
    Salesforce: salesforceConnectorOperatorShape,
    ServiceNow: serviceNowConnectorOperatorShape,
    Zendesk: zendeskConnectorOperatorShape,
  },
} as const

const destinationFieldShape = { kind: "string", max: 256, pattern: ".*" } as const

const stringTo2048Shape = { kind: "string", max: 2048, pattern: ".*" } as const

const sourceFieldsShape = { kind: "list", itemName: "member", item: stringTo2048Shape } as const

const operatorPropertiesKeysShape = {
  kind: "string",
  values: [
    "VALUE",
    "VALUES",
    "DATA_TYPE",
    "UPPER_BOUND",
    "LOWER_BOUND",
    "SOURCE_DATA_TYPE",
    "DESTINATION_DATA_TYPE",
    "VALIDATION_ACTION",
    "MASK_VALUE",
    "MASK_LENGTH",
    "TRUNCATE_LENGTH",
    "MATH_OPERATION_FIELDS_ORDER",
    "CONCAT_FORMAT",
    "SUBFIELD_CATEGORY_MAP",
  ],
} as const

const propertyShape = { kind: "string", max: 2048, pattern: ".+" } as const

const taskPropertiesMapShape = {
  kind: "map",
  key: operatorPropertiesKeysShape,
  value: propertyShape,
} as const

const taskTypeShape = {
  kind: "string",
  values: ["Arithmetic", "Filter", "Map", "Mask", "Merge", "Truncate", "Validate"],
} as const

const taskShape = {
  kind: "structure",
  members: {
    ConnectorOperator: connectorOperatorShape,
    DestinationField: destinationFieldShape,
    SourceFields: sourceFieldsShape,
    TaskProperties: taskPropertiesMapShape,
    TaskType: taskTypeShape,
  },
  required: ["SourceFields", "TaskType"],
} as const

const tasksShape = { kind: "list", itemName: "member", item: taskShape } as const

const triggerTypeShape = { kind: "string", values: ["Scheduled", "Event", "OnDemand"] } as const

const scheduleExpressionShape = { kind: "string", max: 256, pattern: ".*" } as const

const dataPullModeShape = { kind: "string", values: ["Incremental", "Complete"] } as const

const dateShape = { kind: "timestamp" } as const

const timezoneShape = { kind: "string", max: 256, pattern: ".*" } as const

const scheduleOffsetShape = { kind: "integer", min: 0, max: 36000 } as const

const scheduledTriggerPropertiesShape = {
  kind: "structure",
  members: {
    ScheduleExpression: scheduleExpressionShape,
    DataPullMode: dataPullModeShape,
    ScheduleStartTime: dateShape,
    ScheduleEndTime: dateShape,
    Timezone: timezoneShape,
    ScheduleOffset: scheduleOffsetShape,
    FirstExecutionFrom: dateShape,
  },
  required: ["ScheduleExpression"],
} as const

const triggerPropertiesShape = {
  kind: "structure",
  members: { Scheduled: scheduledTriggerPropertiesShape },
} as const

const triggerConfigShape = {
  kind: "structure",
  members: { TriggerType: triggerTypeShape, TriggerProperties: triggerPropertiesShape },
  required: ["TriggerType"],
} as const

export const flowDefinitionShape = {
  kind: "structure",
  members: {
    Description: flowDescriptionShape,
    FlowName: flowNameShape,
    KmsArn: kmsArnShape,
    SourceFlowConfig: sourceFlowConfigShape,
    Tasks: tasksShape,
    TriggerConfig: triggerConfigShape,
  },
  required: ["FlowName", "KmsArn", "SourceFlowConfig", "Tasks", "TriggerConfig"],
} as const
