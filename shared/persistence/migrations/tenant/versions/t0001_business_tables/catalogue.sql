CREATE TABLE companies (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    legal_name varchar(255),
    registration_number varchar(100),
    tax_id varchar(100),
    industry varchar(100),
    primary_currency varchar(3) NOT NULL DEFAULT 'GBP' CHECK (primary_currency ~ '^[A-Z]{3}$'),
    fiscal_year_start varchar(5) NOT NULL DEFAULT '01-01'
        CHECK (fiscal_year_start ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'),
    timezone varchar(50) NOT NULL DEFAULT 'UTC',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE products (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    sku varchar(100) NOT NULL CONSTRAINT idx_products_sku UNIQUE,
    name varchar(255) NOT NULL,
    category varchar(100),
    unit_cost numeric(15, 2) CHECK (unit_cost >= 0),
    unit_price numeric(15, 2) CHECK (unit_price >= 0),
    reorder_point integer CHECK (reorder_point >= 0),
    reorder_quantity integer CHECK (reorder_quantity >= 0),
    lead_time_days integer CHECK (lead_time_days >= 0),
    safety_stock integer CHECK (safety_stock >= 0),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_products_company ON products (company_id);

-- One product, many vendor SKUs: what each channel calls it.
CREATE TABLE product_channel_skus (
    channel varchar(50) NOT NULL,
    channel_sku varchar(255) NOT NULL,
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    channel_product_id varchar(255),
    last_seen_on date NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, channel_sku)
);
CREATE INDEX idx_product_channel_skus_product ON product_channel_skus (product_id);

CREATE TABLE product_costs (
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    valid_from date NOT NULL,
    unit_cost numeric(15, 4) NOT NULL CHECK (unit_cost >= 0),
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Shops of several currencies sell the same SKU.
    PRIMARY KEY (product_id, currency, valid_from)
);

CREATE TABLE sales (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    -- Empty where a line names no SKU: its revenue counts, it is no product's demand.
    product_id uuid REFERENCES products (id),
    sale_date date NOT NULL,
    quantity integer NOT NULL,
    unit_price numeric(15, 2) NOT NULL CHECK (unit_price >= 0),
    total_amount numeric(15, 2) NOT NULL,
    channel varchar(50) NOT NULL,
    channel_order_id varchar(255),
    channel_line_id varchar(255),
    line_kind public.sale_line_kind NOT NULL DEFAULT 'SALE',
    currency varchar(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    tax_amount numeric(15, 2) NOT NULL DEFAULT 0,
    commission_rate numeric(5, 4),
    commission_amount numeric(15, 2),
    net_revenue numeric(15, 2) GENERATED ALWAYS AS (total_amount - coalesce(commission_amount, 0)) STORED,
    fee_estimated boolean NOT NULL DEFAULT false,
    market varchar(10),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_sales_line UNIQUE (channel, channel_order_id, channel_line_id),
    CONSTRAINT sales_identity_whole CHECK (num_nulls(channel_order_id, channel_line_id) IN (0, 2)),
    CONSTRAINT sales_refund_negative CHECK (line_kind = 'SALE' OR (quantity <= 0 AND total_amount <= 0))
);
CREATE INDEX idx_sales_company ON sales (company_id);
CREATE INDEX idx_sales_product_date ON sales (product_id, sale_date);
CREATE INDEX idx_sales_date ON sales (sale_date);
CREATE INDEX idx_sales_channel ON sales (channel);

CREATE TABLE inventory (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL REFERENCES companies (id),
    product_id uuid NOT NULL REFERENCES products (id),
    quantity_on_hand integer NOT NULL DEFAULT 0,
    quantity_reserved integer NOT NULL DEFAULT 0,
    quantity_available integer GENERATED ALWAYS AS (quantity_on_hand - quantity_reserved) STORED,
    location varchar(100) NOT NULL,
    -- Which channel counts it; empty where a person does.
    channel varchar(50),
    last_counted_at timestamptz,
    last_received_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idx_inventory_product_location UNIQUE (product_id, location)
);
CREATE INDEX idx_inventory_company ON inventory (company_id);

-- Stock at the end of each day on which it was seen.
CREATE TABLE inventory_history (
    product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    location varchar(100) NOT NULL,
    snapshot_date date NOT NULL,
    quantity_on_hand integer NOT NULL,
    quantity_reserved integer NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, location, snapshot_date)
);
CREATE INDEX idx_inventory_history_date ON inventory_history (snapshot_date);
