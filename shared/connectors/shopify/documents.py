"""The GraphQL documents that are sent, valid against the official schema of 2026-07."""


def _more(kind: str, connection: str, fragment: str, arguments: str = "") -> str:
    """Further nodes of a connection within one record."""
    return f"""
query More($id: ID!, $after: String) {{
  {kind}(id: $id) {{
    {connection}(first: 100, after: $after{arguments}) {{
      nodes {{ ...{fragment} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""


SHOP = """
query Shop {
  shop { id name currencyCode ianaTimezone }
  currentAppInstallation { accessScopes { handle } }
}
"""

COUNT_VARIANTS = """
query CountVariants { productVariantsCount { count } }
"""

COUNT_ORDERS = """
query CountOrders($search: String!) { ordersCount(query: $search) { count } }
"""

# The vendor counts up to 10,000 unless it is asked for all.
COUNT_ALL_ORDERS = """
query CountAllOrders { ordersCount(limit: null) { count } }
"""

ORDER_IDS = """
query OrderIds($first: Int!, $after: String) {
  orders(first: $first, after: $after, sortKey: ID) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}
"""

# Those of some orders that are still there.
ORDERS_THERE = """
query OrdersThere($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { id } } }
"""

VARIANT_FIELDS = """
fragment VariantFields on ProductVariant {
  id
  sku
  title
  price
  product { id title productType status }
}
"""

INVENTORY_LEVEL_FIELDS = """
fragment InventoryLevelFields on InventoryLevel {
  id
  location { id name }
  quantities(names: ["on_hand", "available"]) { name quantity }
}
"""

PRODUCTS = (
    """
query Products($first: Int!, $after: String) {
  productVariants(first: $first, after: $after) {
    nodes {
      ...VariantFields
      inventoryItem {
        id
        unitCost { amount currencyCode }
        inventoryLevels(first: 10) {
          nodes { ...InventoryLevelFields }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + VARIANT_FIELDS
    + INVENTORY_LEVEL_FIELDS
)

MORE_LEVELS = (
    _more("inventoryItem", "inventoryLevels", "InventoryLevelFields") + INVENTORY_LEVEL_FIELDS
)

# The money of the shop, and what the customer paid in the money of the customer.
MONEY_BAG_FIELDS = """
fragment MoneyBagFields on MoneyBag {
  shopMoney { amount currencyCode }
  presentmentMoney { amount currencyCode }
}
"""

LINE_ITEM_FIELDS = """
fragment LineItemFields on LineItem {
  id
  sku
  name
  quantity
  currentQuantity
  isGiftCard
  variant { id }
  originalUnitPriceSet { shopMoney { amount currencyCode } }
  originalTotalSet { ...MoneyBagFields }
  discountAllocations { allocatedAmountSet { ...MoneyBagFields } }
  taxLines { priceSet { ...MoneyBagFields } }
  duties { price { ...MoneyBagFields } }
}
"""

# What an order says besides its lines; all of it may stand in a bulk operation.
ORDER_FIELDS = """
fragment OrderFields on Order {
  id
  createdAt
  processedAt
  updatedAt
  cancelledAt
  test
  taxesIncluded
  dutiesIncluded
  edited
  returnStatus
  totalTipReceivedSet { shopMoney { amount currencyCode } }
  sourceName
  sourceIdentifier
  attribution { handle }
  channelInformation { channelDefinition { handle isMarketplace } }
  transactions(first: 21) {
    kind
    status
    fees { id amount { amount currencyCode } }
  }
}
"""

SHIPPING_FIELDS = """
fragment ShippingFields on ShippingLine {
  id
  isRemoved
  discountedPriceSet { ...MoneyBagFields }
  taxLines { priceSet { ...MoneyBagFields } }
}
"""

REFUND_LINE_FIELDS = """
fragment RefundLineFields on RefundLineItem {
  id
  quantity
  restockType
  subtotalSet { ...MoneyBagFields }
  totalTaxSet { ...MoneyBagFields }
  lineItem { id sku name isGiftCard variant { id } }
}
"""

REFUND_SHIPPING_FIELDS = """
fragment RefundShippingFields on RefundShippingLine {
  id
  subtotalAmountSet { ...MoneyBagFields }
  taxAmountSet { ...MoneyBagFields }
}
"""

ADJUSTMENT_FIELDS = """
fragment AdjustmentFields on OrderAdjustment {
  id
  amountSet { ...MoneyBagFields }
  taxAmountSet { ...MoneyBagFields }
}
"""

# What a refund gave back; its connections may not stand in a bulk operation.
REFUND_FIELDS = (
    """
fragment RefundFields on Refund {
  id
  createdAt
  processedAt
  refundLineItems(first: 10) {
    nodes { ...RefundLineFields }
    pageInfo { hasNextPage endCursor }
  }
  refundShippingLines(first: 5) {
    nodes { ...RefundShippingFields }
    pageInfo { hasNextPage endCursor }
  }
  orderAdjustments(first: 5) {
    nodes { ...AdjustmentFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + REFUND_LINE_FIELDS
    + REFUND_SHIPPING_FIELDS
    + ADJUSTMENT_FIELDS
)

ORDERS = (
    """
query Orders($first: Int!, $after: String, $search: String!, $sortKey: OrderSortKeys!) {
  orders(first: $first, after: $after, query: $search, sortKey: $sortKey) {
    nodes {
      ...OrderFields
      lineItems(first: 15) {
        nodes { ...LineItemFields }
        pageInfo { hasNextPage endCursor }
      }
      shippingLines(first: 5, includeRemovals: true) {
        nodes { ...ShippingFields }
        pageInfo { hasNextPage endCursor }
      }
      refunds { ...RefundFields }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + ORDER_FIELDS
    + LINE_ITEM_FIELDS
    + SHIPPING_FIELDS
    + REFUND_FIELDS
    + MONEY_BAG_FIELDS
)


MORE_LINES = _more("order", "lineItems", "LineItemFields") + LINE_ITEM_FIELDS + MONEY_BAG_FIELDS

MORE_SHIPPING = (
    _more("order", "shippingLines", "ShippingFields", ", includeRemovals: true")
    + SHIPPING_FIELDS
    + MONEY_BAG_FIELDS
)

MORE_REFUND_LINES = (
    _more("refund", "refundLineItems", "RefundLineFields") + REFUND_LINE_FIELDS + MONEY_BAG_FIELDS
)

MORE_REFUND_SHIPPING = (
    _more("refund", "refundShippingLines", "RefundShippingFields")
    + REFUND_SHIPPING_FIELDS
    + MONEY_BAG_FIELDS
)

MORE_ADJUSTMENTS = (
    _more("refund", "orderAdjustments", "AdjustmentFields") + ADJUSTMENT_FIELDS + MONEY_BAG_FIELDS
)

# The refunds that a bulk operation has named.
REFUNDS = (
    """
query Refunds($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Refund { ...RefundFields } }
}
"""
    + REFUND_FIELDS
    + MONEY_BAG_FIELDS
)

SALE_FIELDS = """
fragment SaleFields on Sale {
  actionType
  lineType
  quantity
  ... on ProductSale { lineItem { id } }
  ... on TipSale { lineItem { id } }
  ... on GiftCardSale { lineItem { id } }
  ... on ShippingLineSale { shippingLine { id } }
}
"""

# When the lines of some orders were sold: at once, or later by an edit or an exchange.
AGREEMENTS = (
    """
query Agreements($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Order {
      id
      agreements(first: 5) {
        nodes {
          happenedAt
          reason
          sales(first: 25) { nodes { ...SaleFields } pageInfo { hasNextPage endCursor } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
    + SALE_FIELDS
)

ONE_AGREEMENT = (
    """
query OneAgreement($id: ID!, $after: String, $salesAfter: String) {
  order(id: $id) {
    agreements(first: 1, after: $after) {
      nodes {
        happenedAt
        reason
        sales(first: 100, after: $salesAfter) {
          nodes { ...SaleFields }
          pageInfo { hasNextPage endCursor }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
    + SALE_FIELDS
)

BULK_OPERATION_FIELDS = """
fragment BulkOperationFields on BulkOperation {
  id
  status
  errorCode
  objectCount
  rootObjectCount
  fileSize
  url
  partialDataUrl
}
"""

BULK_RUN = (
    """
mutation BulkRun($query: String!) {
  bulkOperationRunQuery(query: $query) {
    bulkOperation { ...BulkOperationFields }
    userErrors { field message code }
  }
}
"""
    + BULK_OPERATION_FIELDS
)

BULK_POLL = (
    """
query BulkPoll($id: ID!) { bulkOperation(id: $id) { ...BulkOperationFields } }
"""
    + BULK_OPERATION_FIELDS
)

# Run by the vendor on its own: `edges` and `node` only, and no variables. `%s` is the search.
BULK_ORDERS = (
    """
query BulkOrders {
  orders(query: "%s") {
    edges {
      node {
        ...OrderFields
        refunds { id }
        lineItems { edges { node { ...LineItemFields } } }
        shippingLines(includeRemovals: true) { edges { node { ...ShippingFields } } }
      }
    }
  }
}
"""
    + ORDER_FIELDS
    + LINE_ITEM_FIELDS
    + SHIPPING_FIELDS
    + MONEY_BAG_FIELDS
)

BULK_PRODUCTS = (
    """
query BulkProducts {
  productVariants {
    edges {
      node {
        ...VariantFields
        inventoryItem {
          id
          unitCost { amount currencyCode }
          inventoryLevels { edges { node { ...InventoryLevelFields } } }
        }
      }
    }
  }
}
"""
    + VARIANT_FIELDS
    + INVENTORY_LEVEL_FIELDS
)
