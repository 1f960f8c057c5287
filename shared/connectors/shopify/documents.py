"""The GraphQL documents that are sent, valid against the official schema of 2026-07."""

SHOP = """
query Shop { shop { name currencyCode ianaTimezone } }
"""

INVENTORY_LEVEL_FIELDS = """
fragment InventoryLevelFields on InventoryLevel {
  location { name }
  quantities(names: ["on_hand", "available"]) { name quantity }
}
"""

PRODUCTS = (
    """
query Products($first: Int!, $after: String) {
  productVariants(first: $first, after: $after) {
    nodes {
      id
      sku
      title
      price
      product { id title productType status }
      inventoryItem {
        unitCost { amount currencyCode }
        id
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
    + INVENTORY_LEVEL_FIELDS
)

MORE_LEVELS = (
    """
query MoreLevels($id: ID!, $after: String) {
  inventoryItem(id: $id) {
    inventoryLevels(first: 100, after: $after) {
      nodes { ...InventoryLevelFields }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
    + INVENTORY_LEVEL_FIELDS
)

LINE_ITEM_FIELDS = """
fragment LineItemFields on LineItem {
  id
  sku
  name
  quantity
  originalUnitPriceSet { shopMoney { amount currencyCode } }
  discountedTotalSet(withCodeDiscounts: true) { shopMoney { amount currencyCode } }
  taxLines { priceSet { shopMoney { amount currencyCode } } }
}
"""

REFUND_LINE_FIELDS = """
fragment RefundLineFields on RefundLineItem {
  id
  quantity
  subtotalSet { shopMoney { amount currencyCode } }
  totalTaxSet { shopMoney { amount currencyCode } }
  lineItem { id sku name }
}
"""

ORDERS = (
    """
query Orders($first: Int!, $after: String, $search: String!) {
  orders(first: $first, after: $after, query: $search, sortKey: UPDATED_AT) {
    nodes {
      id
      createdAt
      cancelledAt
      test
      taxesIncluded
      lineItems(first: 15) {
        nodes { ...LineItemFields }
        pageInfo { hasNextPage endCursor }
      }
      refunds {
        id
        createdAt
        refundLineItems(first: 10) {
          nodes { ...RefundLineFields }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + LINE_ITEM_FIELDS
    + REFUND_LINE_FIELDS
)

MORE_LINES = (
    """
query MoreLines($id: ID!, $after: String) {
  order(id: $id) {
    lineItems(first: 100, after: $after) {
      nodes { ...LineItemFields }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
    + LINE_ITEM_FIELDS
)

MORE_REFUND_LINES = (
    """
query MoreRefundLines($id: ID!, $after: String) {
  refund(id: $id) {
    refundLineItems(first: 100, after: $after) {
      nodes { ...RefundLineFields }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
    + REFUND_LINE_FIELDS
)
