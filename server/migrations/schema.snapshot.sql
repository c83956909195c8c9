view accounts
  id uuid
  user_id uuid
  balance numeric(15,2)
  currency character varying(3)
  account_status character varying(9)
  created_at timestamp with time zone
  updated_at timestamp with time zone

table api_access_logs
  id uuid not null
  external_service_id uuid
  api_key_id uuid
  endpoint character varying(255) not null
  http_method character varying(10) not null
  ip_address inet
  user_agent text
  response_status integer not null
  created_at timestamp with time zone not null default now()
  PRIMARY KEY (id)
  FOREIGN KEY (api_key_id) REFERENCES api_keys(id)
  FOREIGN KEY (external_service_id) REFERENCES external_services(id)
  CREATE INDEX api_access_logs_service ON public.api_access_logs USING btree (external_service_id, created_at)

table api_keys
  id uuid not null
  external_service_id uuid not null
  key_name character varying(100) not null
  key_hash character varying(64) not null
  permissions character varying(30)[] not null default '{READ_TRANSACTIONS}'::character varying[]
  rate_limit_count integer not null default 100
  rate_limit_unit character varying(6) not null default 'minute'::character varying
  expires_at timestamp with time zone
  is_active boolean not null default true
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  UNIQUE (key_hash)
  PRIMARY KEY (id)
  FOREIGN KEY (external_service_id) REFERENCES external_services(id)
  CHECK ((permissions <@ '{READ_TRANSACTIONS,READ_REPORTS}'::character varying(30)[]))
  CHECK ((rate_limit_count > 0))
  CHECK (((rate_limit_unit)::text = ANY ((ARRAY['second'::character varying, 'minute'::character varying, 'hour'::character varying, 'day'::character varying])::text[])))
  CREATE INDEX api_keys_service ON public.api_keys USING btree (external_service_id)
  CREATE UNIQUE INDEX api_keys_key_hash_key ON public.api_keys USING btree (key_hash)

table approval
  merchant_id uuid not null
  approval_id uuid not null
  session_id uuid not null
  action character varying(40) not null
  subject character varying(64) not null
  amount bigint
  asked_by uuid not null
  approved_by uuid not null
  reason character varying(200)
  given_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  used_at timestamp with time zone
  PRIMARY KEY (merchant_id, approval_id)
  FOREIGN KEY (merchant_id, approved_by) REFERENCES staff(merchant_id, staff_id)
  FOREIGN KEY (merchant_id, asked_by) REFERENCES staff(merchant_id, staff_id)
  CHECK ((asked_by <> approved_by))

table audit_entry
  merchant_id uuid not null
  seq bigint not null
  at timestamp with time zone not null
  actor character varying(80) not null
  action character varying(57) not null
  subject character varying(80) not null
  device_id uuid
  outlet_id uuid
  address character varying(64)
  request_id character varying(64)
  count bigint not null
  before jsonb
  after jsonb
  previous_hash bytea not null
  hash bytea not null
  PRIMARY KEY (merchant_id, seq)
  CHECK ((count > 0))
  CHECK ((length(hash) = 32))
  CHECK ((length(previous_hash) = 32))
  CHECK ((seq > 0))
  CREATE INDEX audit_entry_action ON public.audit_entry USING btree (merchant_id, action, seq)
  CREATE INDEX audit_entry_actor ON public.audit_entry USING btree (merchant_id, actor, seq)
  CREATE INDEX audit_entry_subject ON public.audit_entry USING btree (merchant_id, subject, seq)

table authentications
  token character varying(64) not null
  user_id uuid not null
  created_at timestamp with time zone not null default now()
  session_id uuid
  expires_at timestamp with time zone not null default (now() + '30 days'::interval)
  replaced_at timestamp with time zone
  successor bytea
  PRIMARY KEY (token)
  FOREIGN KEY (session_id) REFERENCES user_session(session_id) ON DELETE CASCADE
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  CREATE INDEX authentications_expiry ON public.authentications USING btree (expires_at)
  CREATE INDEX authentications_session ON public.authentications USING btree (session_id)
  CREATE INDEX authentications_user ON public.authentications USING btree (user_id)

table category
  merchant_id uuid not null
  category_id uuid not null
  name character varying(60) not null
  rank smallint not null
  PRIMARY KEY (merchant_id, category_id)

table currency
  code character(3) not null
  exponent smallint not null
  PRIMARY KEY (code)
  CHECK (((exponent >= 0) AND (exponent <= 4)))

table device
  merchant_id uuid not null
  device_id uuid not null
  outlet_id uuid not null
  name character varying(60) not null
  token_hash bytea not null
  enrolled_by uuid
  enrolled_at timestamp with time zone not null default now()
  last_seen_at timestamp with time zone not null default now()
  last_address inet
  revoked_at timestamp with time zone
  revoked_by uuid
  revoked_reason character varying(10)
  wrong_pins integer not null default 0
  wrong_since timestamp with time zone
  delayed_until timestamp with time zone
  UNIQUE (token_hash)
  PRIMARY KEY (merchant_id, device_id)
  FOREIGN KEY (merchant_id, outlet_id) REFERENCES outlet(merchant_id, outlet_id)
  CHECK (((revoked_at IS NULL) = (revoked_reason IS NULL)))
  CHECK (((revoked_reason)::text = ANY ((ARRAY['lost'::character varying, 'replaced'::character varying, 'other'::character varying])::text[])))
  CREATE UNIQUE INDEX device_token_hash_key ON public.device USING btree (token_hash)

table device_code
  merchant_id uuid not null
  code_hash bytea not null
  purpose character varying(6) not null
  outlet_id uuid not null
  name character varying(60) not null
  made_by uuid
  expires_at timestamp with time zone not null
  used_at timestamp with time zone
  PRIMARY KEY (merchant_id, code_hash)
  FOREIGN KEY (merchant_id, outlet_id) REFERENCES outlet(merchant_id, outlet_id)
  CHECK (((purpose)::text = ANY ((ARRAY['device'::character varying, 'owner'::character varying])::text[])))
  CREATE INDEX device_code_expiry ON public.device_code USING btree (expires_at)
  CREATE UNIQUE INDEX device_code_hash ON public.device_code USING btree (code_hash)

table dispute
  merchant_id uuid not null
  dispute_id uuid not null
  payment_id uuid not null
  order_id character varying(64) not null
  case_id uuid
  provider character varying(20) not null
  reference character varying(80) not null
  currency character(3) not null
  amount bigint not null
  beyond bigint not null
  fee bigint not null default 0
  state character varying(10) not null default 'opened'::character varying
  reason character varying(200) not null
  evidence_until timestamp with time zone
  note character varying(300)
  decided_by character varying(80)
  opened_at timestamp with time zone not null default now()
  decided_at timestamp with time zone
  UNIQUE (merchant_id, provider, reference)
  PRIMARY KEY (merchant_id, dispute_id)
  FOREIGN KEY (merchant_id, payment_id) REFERENCES payment(merchant_id, payment_id)
  CHECK ((amount >= 0))
  CHECK ((beyond >= 0))
  CHECK (((amount + beyond) > 0))
  CHECK ((((state)::text = 'opened'::text) = (decided_at IS NULL)))
  CHECK ((fee >= 0))
  CHECK (((state)::text = ANY ((ARRAY['opened'::character varying, 'won'::character varying, 'lost'::character varying])::text[])))
  CREATE INDEX dispute_by_order ON public.dispute USING btree (merchant_id, order_id)
  CREATE INDEX dispute_by_payment ON public.dispute USING btree (merchant_id, payment_id)
  CREATE INDEX dispute_by_state ON public.dispute USING btree (merchant_id, state, opened_at)
  CREATE UNIQUE INDEX dispute_merchant_id_provider_reference_key ON public.dispute USING btree (merchant_id, provider, reference)

table external_services
  id uuid not null
  company character varying(100) not null
  service_type character varying(50) not null default 'HISTORICAL_TRANSACTION'::character varying
  contact_email character varying(254) not null
  description text
  is_active boolean not null default true
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  UNIQUE (company)
  PRIMARY KEY (id)
  CREATE UNIQUE INDEX external_services_company_key ON public.external_services USING btree (company)

table flyway_schema_history
  installed_rank integer not null
  version character varying(50)
  description character varying(200) not null
  type character varying(20) not null
  script character varying(1000) not null
  checksum integer
  installed_by character varying(100) not null
  installed_on timestamp without time zone not null default now()
  execution_time integer not null
  success boolean not null
  PRIMARY KEY (installed_rank)
  CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success)

view historical_transactions
  id uuid
  user_id uuid
  account_id uuid
  transaction_id character varying(50)
  transaction_type character varying(20)
  transaction_status character varying(20)
  amount numeric(15,2)
  balance_before numeric(15,2)
  balance_after numeric(15,2)
  currency character varying(3)
  description text
  external_reference character varying(80)
  payment_method text
  metadata jsonb
  is_accessible_external boolean
  created_at timestamp with time zone
  updated_at timestamp with time zone

table idempotency_key
  merchant_id uuid not null
  route character varying(100) not null
  key character varying(255) not null
  request_hash bytea not null
  status smallint
  answer jsonb
  created_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, route, key)
  CREATE INDEX idempotency_key_age ON public.idempotency_key USING btree (created_at)

table ledger_account
  merchant_id uuid not null
  account_id uuid not null
  code character varying(80) not null
  kind character varying(32) not null
  user_id uuid
  created_at timestamp with time zone not null default now()
  UNIQUE (merchant_id, code)
  PRIMARY KEY (merchant_id, account_id)
  CREATE INDEX ledger_account_user ON public.ledger_account USING btree (user_id) WHERE (user_id IS NOT NULL)
  CREATE UNIQUE INDEX ledger_account_merchant_id_code_key ON public.ledger_account USING btree (merchant_id, code)

table ledger_balance
  merchant_id uuid not null
  account_id uuid not null
  currency character(3) not null
  posted bigint not null default 0
  held bigint not null default 0
  least bigint
  version bigint not null default 0
  status character varying(9) not null default 'ACTIVE'::character varying
  PRIMARY KEY (merchant_id, account_id)
  FOREIGN KEY (currency) REFERENCES currency(code)
  CHECK ((held >= 0))
  CHECK (((status)::text = ANY ((ARRAY['ACTIVE'::character varying, 'SUSPENDED'::character varying, 'CLOSED'::character varying])::text[])))

table ledger_block
  merchant_id uuid not null
  block bigint not null
  ids uuid[] not null
  leaves bytea[] not null
  head bytea not null
  sealed_at timestamp with time zone not null default clock_timestamp()
  PRIMARY KEY (merchant_id, block)
  CHECK ((block > 0))

view ledger_entry
  merchant_id uuid
  account_id uuid
  version bigint
  transfer_id uuid
  amount bigint
  balance_after bigint
  posted_at timestamp with time zone
  currency character(3)
  kind character varying(32)
  reference character varying(80)
  details jsonb
  is_accessible_external boolean

table ledger_hold
  merchant_id uuid not null
  hold_id uuid not null
  debit_account_id uuid not null
  credit_account_id uuid not null
  currency character(3) not null
  amount bigint not null
  settled bigint not null default 0
  state character varying(8) not null default 'open'::character varying
  expires_at timestamp with time zone
  reserved_at timestamp with time zone not null
  ended_at timestamp with time zone
  PRIMARY KEY (merchant_id, hold_id)
  CHECK ((amount > 0))
  CHECK (((settled >= 0) AND (settled <= amount)))
  CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'settled'::character varying, 'released'::character varying, 'expired'::character varying])::text[])))
  CREATE INDEX ledger_hold_expiring ON public.ledger_hold USING btree (expires_at) WHERE (((state)::text = 'open'::text) AND (expires_at IS NOT NULL))

table ledger_proof
  merchant_id uuid not null
  block bigint not null
  proven_at timestamp with time zone not null
  PRIMARY KEY (merchant_id)

table ledger_signed_head
  day date not null
  statement text not null
  public_key text not null
  signature text not null
  PRIMARY KEY (day)

partitioned table ledger_transfer
  merchant_id uuid not null
  transfer_id uuid not null
  debit_account_id uuid not null
  credit_account_id uuid not null
  amount bigint not null
  debit_version bigint not null
  debit_after bigint not null
  credit_version bigint not null
  credit_after bigint not null
  posted_at timestamp with time zone not null
  currency character(3) not null
  is_accessible_external boolean not null default true
  kind character varying(32) not null
  hold_id uuid
  reference character varying(80)
  details jsonb
  PRIMARY KEY (merchant_id, transfer_id)
  CHECK ((amount > 0))
  CREATE INDEX ledger_transfer_credit ON ONLY public.ledger_transfer USING btree (credit_account_id, credit_version)
  CREATE INDEX ledger_transfer_debit ON ONLY public.ledger_transfer USING btree (debit_account_id, debit_version)

table merchant
  merchant_id uuid not null
  name character varying(100) not null
  currency character(3) not null
  is_demo boolean not null default false
  created_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id)
  FOREIGN KEY (currency) REFERENCES currency(code)

table merchant_key
  merchant_id uuid not null
  key_id uuid not null
  name character varying(100) not null
  mode character varying(4) not null
  scopes character varying(40)[] not null
  prefix character varying(20) not null
  key_hash bytea not null
  created_by character varying(80) not null
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone
  last_used_at timestamp with time zone
  revoked_at timestamp with time zone
  revoked_by character varying(80)
  UNIQUE (key_hash)
  PRIMARY KEY (merchant_id, key_id)
  FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)
  CHECK (((revoked_at IS NULL) = (revoked_by IS NULL)))
  CHECK (((mode)::text = ANY ((ARRAY['test'::character varying, 'live'::character varying])::text[])))
  CHECK ((cardinality(scopes) > 0))
  CREATE UNIQUE INDEX merchant_key_key_hash_key ON public.merchant_key USING btree (key_hash)

table merchant_logo
  merchant_id uuid not null
  logo_id uuid not null
  content_type character varying(20) not null
  content bytea not null
  set_at timestamp with time zone not null default now()
  UNIQUE (logo_id)
  PRIMARY KEY (merchant_id)
  FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)
  CHECK ((length(content) <= 200000))
  CHECK (((content_type)::text = ANY ((ARRAY['image/png'::character varying, 'image/jpeg'::character varying, 'image/webp'::character varying])::text[])))
  CREATE UNIQUE INDEX merchant_logo_logo_id_key ON public.merchant_logo USING btree (logo_id)

table merchant_setup
  merchant_id uuid not null
  key_hash bytea not null
  outlet_id uuid not null
  owner_id uuid not null
  device_id uuid not null
  set_up_at timestamp with time zone not null default now()
  UNIQUE (key_hash)
  PRIMARY KEY (merchant_id)
  FOREIGN KEY (merchant_id, device_id) REFERENCES device(merchant_id, device_id)
  FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)
  FOREIGN KEY (merchant_id, outlet_id) REFERENCES outlet(merchant_id, outlet_id)
  FOREIGN KEY (merchant_id, owner_id) REFERENCES staff(merchant_id, staff_id)
  CREATE UNIQUE INDEX merchant_setup_key_hash_key ON public.merchant_setup USING btree (key_hash)

table outbox_consumer
  name character varying(64) not null
  xid xid8 not null default '0'::xid8
  event_id bigint not null default 0
  PRIMARY KEY (name)

table outbox_event
  merchant_id uuid not null
  event_id bigint not null
  xid xid8 not null default pg_current_xact_id()
  topic character varying(64) not null
  subject character varying(80) not null
  payload jsonb not null
  occurred_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, event_id)
  CREATE INDEX outbox_event_order ON public.outbox_event USING btree (xid, event_id)

table outlet
  merchant_id uuid not null
  outlet_id uuid not null
  name character varying(100) not null
  address character varying(300) not null
  phone character varying(20) not null
  time_zone character varying(40) not null default 'Asia/Jakarta'::character varying
  day_begins time without time zone not null default '00:00:00'::time without time zone
  tax jsonb
  cash_rounding jsonb not null default '{"unit": 0, "direction": "down"}'::jsonb
  receipt_code character varying(8) not null
  receipt_header character varying(300) not null default ''::character varying
  receipt_footer character varying(300) not null default ''::character varying
  PRIMARY KEY (merchant_id, outlet_id)
  FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)

table payment
  merchant_id uuid not null
  payment_id uuid not null
  order_id character varying(64) not null
  method character varying(20) not null
  channel character varying(32) not null
  provider character varying(20) not null
  currency character(3) not null
  amount bigint not null
  state character varying(10) not null
  merchant_ref character varying(64) not null
  reference character varying(80)
  channel_name character varying(80)
  payer_amount bigint
  fee_merchant bigint
  fee_customer bigint
  qr_string character varying(1024)
  pay_code character varying(80)
  checkout_url character varying(500)
  expires_at timestamp with time zone
  paid_at timestamp with time zone
  note character varying(300)
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  routing jsonb
  account_id uuid
  lost_at timestamp with time zone
  verification character varying(10)
  outlet_id uuid
  confirmed_by uuid
  ask_at timestamp with time zone default (now() + '00:00:20'::interval)
  asked smallint not null default 0
  PRIMARY KEY (merchant_id, payment_id)
  FOREIGN KEY (merchant_id, order_id) REFERENCES payment_order(merchant_id, order_id)
  CHECK ((amount > 0))
  CHECK ((((verification IS NULL) = (confirmed_by IS NULL)) AND ((verification IS NULL) OR (outlet_id IS NOT NULL))))
  CHECK (((verification)::text = ANY ((ARRAY['unverified'::character varying, 'verified'::character varying, 'lost'::character varying])::text[])))
  CREATE INDEX payment_by_merchant_ref ON public.payment USING btree (merchant_ref)
  CREATE INDEX payment_by_order ON public.payment USING btree (merchant_id, order_id, payment_id)
  CREATE INDEX payment_by_reference ON public.payment USING btree (provider, reference) WHERE (reference IS NOT NULL)
  CREATE INDEX payment_paid_day ON public.payment USING brin (paid_at)
  CREATE INDEX payment_to_ask ON public.payment USING btree (ask_at) WHERE ((ask_at IS NOT NULL) AND ((state)::text = ANY ((ARRAY['created'::character varying, 'pending'::character varying, 'unknown'::character varying, 'cancelled'::character varying])::text[])))
  CREATE INDEX payment_unverified ON public.payment USING btree (merchant_id, paid_at) WHERE ((verification)::text = 'unverified'::text)
  CREATE UNIQUE INDEX payment_static_reference ON public.payment USING btree (merchant_id, reference) WHERE (verification IS NOT NULL)

table payment_order
  merchant_id uuid not null
  order_id character varying(64) not null
  request_hash bytea not null
  currency character(3) not null
  amount bigint not null
  customer_name character varying(100) not null
  customer_email character varying(254)
  customer_phone character varying(20)
  items jsonb not null
  created_at timestamp with time zone not null default now()
  cancelled_at timestamp with time zone
  outlet_id uuid
  PRIMARY KEY (merchant_id, order_id)
  CHECK ((amount > 0))

table pin_try
  merchant_id uuid not null
  staff_id uuid not null
  device_id uuid not null
  wrong_pins integer not null default 0
  delayed_until timestamp with time zone
  unlocked_at timestamp with time zone
  PRIMARY KEY (merchant_id, staff_id, device_id)
  FOREIGN KEY (merchant_id, device_id) REFERENCES device(merchant_id, device_id)
  FOREIGN KEY (merchant_id, staff_id) REFERENCES staff(merchant_id, staff_id)

table price_change
  merchant_id uuid not null
  product_id uuid not null
  change_id uuid not null
  price_before bigint not null
  price_after bigint not null
  changed_by uuid not null
  approved_by uuid
  changed_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, product_id, change_id)
  FOREIGN KEY (merchant_id, product_id) REFERENCES product(merchant_id, product_id)
  CHECK ((price_after <> price_before))

table product
  merchant_id uuid not null
  product_id uuid not null
  category_id uuid not null
  name character varying(100) not null
  price bigint not null
  barcode character varying(14)
  picture character varying(200)
  is_favourite boolean not null default false
  is_active boolean not null default true
  rank integer not null
  PRIMARY KEY (merchant_id, product_id)
  FOREIGN KEY (merchant_id, category_id) REFERENCES category(merchant_id, category_id)
  CHECK ((price >= 0))
  CREATE UNIQUE INDEX product_barcode ON public.product USING btree (merchant_id, barcode) WHERE (barcode IS NOT NULL)

table provider_account
  merchant_id uuid not null
  account_id uuid not null
  provider character varying(20) not null
  holder character varying(120) not null
  sealed bytea not null
  key_id character varying(12) not null
  hint character varying(4) not null
  state character varying(6) not null
  version integer not null default 1
  created_by character varying(80) not null
  created_at timestamp with time zone not null default now()
  changed_by character varying(80) not null
  changed_at timestamp with time zone not null default now()
  UNIQUE (merchant_id, provider, holder)
  PRIMARY KEY (merchant_id, account_id)
  CHECK (((state)::text = ANY ((ARRAY['active'::character varying, 'off'::character varying])::text[])))
  CREATE UNIQUE INDEX provider_account_active ON public.provider_account USING btree (merchant_id, provider) WHERE ((state)::text = 'active'::text)
  CREATE UNIQUE INDEX provider_account_id ON public.provider_account USING btree (account_id)
  CREATE UNIQUE INDEX provider_account_merchant_id_provider_holder_key ON public.provider_account USING btree (merchant_id, provider, holder)

table provider_notification
  merchant_id uuid not null
  notification_id uuid not null
  provider character varying(20) not null
  reference character varying(80) not null
  status character varying(10) not null
  payment_id uuid
  outcome character varying(20) not null
  body jsonb not null
  received_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, notification_id)
  CREATE INDEX provider_notification_reference ON public.provider_notification USING btree (merchant_id, provider, reference)

table receipt_counter
  merchant_id uuid not null
  outlet_id uuid not null
  business_date date not null
  last integer not null
  PRIMARY KEY (merchant_id, outlet_id, business_date)

table refund
  merchant_id uuid not null
  refund_id uuid not null
  payment_id uuid
  case_id uuid
  order_id character varying(64)
  provider character varying(20) not null
  refund_ref character varying(64) not null
  reference character varying(80)
  currency character(3) not null
  amount bigint not null
  state character varying(10) not null
  reason character varying(200) not null
  requested_by character varying(80) not null
  note character varying(300)
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  paid_from character varying(10) not null default 'provider'::character varying
  decided_by character varying(80)
  return_id uuid
  outlet_id uuid
  PRIMARY KEY (merchant_id, refund_id)
  CHECK ((amount > 0))
  CHECK (((payment_id IS NULL) <> (case_id IS NULL)))
  CHECK (((paid_from)::text = ANY ((ARRAY['provider'::character varying, 'bank'::character varying])::text[])))
  CREATE INDEX refund_by_case ON public.refund USING btree (merchant_id, case_id) WHERE (case_id IS NOT NULL)
  CREATE INDEX refund_by_payment ON public.refund USING btree (merchant_id, payment_id) WHERE (payment_id IS NOT NULL)
  CREATE INDEX refund_by_return ON public.refund USING btree (merchant_id, return_id) WHERE (return_id IS NOT NULL)
  CREATE INDEX refund_open ON public.refund USING btree (state, updated_at) WHERE ((state)::text = ANY ((ARRAY['created'::character varying, 'pending'::character varying, 'unknown'::character varying])::text[]))

table report_hour
  merchant_id uuid not null
  outlet_id uuid not null
  business_date date not null
  hour smallint not null
  method character varying(20) not null
  sales integer not null
  gross bigint not null
  tax bigint not null
  returns integer not null default 0
  returned bigint not null default 0
  PRIMARY KEY (merchant_id, outlet_id, business_date, hour, method)
  CHECK (((hour >= 0) AND (hour <= 23)))

table report_product
  merchant_id uuid not null
  outlet_id uuid not null
  business_date date not null
  product_id uuid not null
  name character varying(100) not null
  quantity integer not null
  amount bigint not null
  PRIMARY KEY (merchant_id, outlet_id, business_date, product_id)

table routing_rule
  merchant_id uuid not null
  rule_id uuid not null
  rank integer not null
  method character varying(20)
  amount_from bigint
  amount_to bigint
  time_from time without time zone
  time_to time without time zone
  providers character varying(20)[] not null
  is_active boolean not null default true
  PRIMARY KEY (merchant_id, rule_id)

table sale
  merchant_id uuid not null
  sale_id uuid not null
  outlet_id uuid not null
  staff_id uuid not null
  request_hash bytea not null
  state character varying(10) not null
  receipt_number character varying(30)
  business_date date not null
  currency character(3) not null
  subtotal bigint not null
  tax bigint not null
  total bigint not null
  rounding bigint not null default 0
  tendered bigint
  created_at timestamp with time zone not null default now()
  paid_at timestamp with time zone
  refunded bigint not null default 0
  oversold jsonb
  PRIMARY KEY (merchant_id, sale_id)
  FOREIGN KEY (merchant_id, outlet_id) REFERENCES outlet(merchant_id, outlet_id)
  FOREIGN KEY (merchant_id, staff_id) REFERENCES staff(merchant_id, staff_id)
  CHECK (((refunded >= 0) AND (refunded <= (total + rounding))))
  CHECK (((state)::text = ANY ((ARRAY['waiting'::character varying, 'paid'::character varying, 'cancelled'::character varying, 'expired'::character varying])::text[])))
  CREATE INDEX sale_business_day ON public.sale USING brin (business_date)
  CREATE INDEX sale_recent ON public.sale USING btree (merchant_id, outlet_id, created_at DESC)
  CREATE UNIQUE INDEX sale_receipt ON public.sale USING btree (merchant_id, outlet_id, receipt_number) WHERE (receipt_number IS NOT NULL)

table sale_line
  merchant_id uuid not null
  sale_id uuid not null
  line smallint not null
  product_id uuid not null
  name character varying(100) not null
  quantity integer not null
  unit_price bigint not null
  PRIMARY KEY (merchant_id, sale_id, line)
  FOREIGN KEY (merchant_id, sale_id) REFERENCES sale(merchant_id, sale_id)
  CHECK ((quantity > 0))
  CHECK ((unit_price >= 0))

table sale_return
  merchant_id uuid not null
  return_id uuid not null
  sale_id uuid not null
  kind character varying(6) not null
  amount bigint not null
  reason character varying(200) not null
  restock boolean not null
  business_date date not null
  returned_by uuid not null
  approved_by uuid
  returned_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, return_id)
  FOREIGN KEY (merchant_id, returned_by) REFERENCES staff(merchant_id, staff_id)
  FOREIGN KEY (merchant_id, sale_id) REFERENCES sale(merchant_id, sale_id)
  CHECK ((amount > 0))
  CHECK (((kind)::text = ANY ((ARRAY['refund'::character varying, 'void'::character varying])::text[])))
  CREATE INDEX sale_return_by_sale ON public.sale_return USING btree (merchant_id, sale_id)
  CREATE UNIQUE INDEX sale_return_void ON public.sale_return USING btree (merchant_id, sale_id) WHERE ((kind)::text = 'void'::text)

table sale_return_line
  merchant_id uuid not null
  return_id uuid not null
  sale_id uuid not null
  line smallint not null
  quantity integer not null
  PRIMARY KEY (merchant_id, return_id, line)
  FOREIGN KEY (merchant_id, return_id) REFERENCES sale_return(merchant_id, return_id)
  FOREIGN KEY (merchant_id, sale_id, line) REFERENCES sale_line(merchant_id, sale_id, line)
  CHECK ((quantity > 0))

table settlement_case
  merchant_id uuid not null
  case_id uuid not null
  provider character varying(20) not null
  kind character varying(15) not null
  statement_id uuid
  row_id uuid
  document_kind character varying(10)
  document_id uuid
  payment_id uuid
  reference character varying(80)
  currency character(3) not null
  gross_over bigint not null
  fee_over bigint not null
  state character varying(12) not null default 'open'::character varying
  opened_at timestamp with time zone not null default now()
  decided_at timestamp with time zone
  PRIMARY KEY (merchant_id, case_id)
  FOREIGN KEY (merchant_id, row_id) REFERENCES settlement_row(merchant_id, row_id)
  CHECK ((((kind)::text = ANY ((ARRAY['missing_there'::character varying, 'unverified'::character varying])::text[])) = (row_id IS NULL)))
  CHECK (((document_kind)::text = ANY ((ARRAY['payment'::character varying, 'suspense'::character varying, 'refund'::character varying, 'dispute'::character varying])::text[])))
  CHECK (((kind)::text = ANY ((ARRAY['missing_here'::character varying, 'missing_there'::character varying, 'amount_differs'::character varying, 'fee_differs'::character varying, 'day_differs'::character varying, 'doubled'::character varying, 'unverified'::character varying])::text[])))
  CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'applied'::character varying, 'written_off'::character varying, 'refund_due'::character varying, 'refunded'::character varying, 'ignored'::character varying, 'arrived'::character varying, 'verified'::character varying])::text[])))
  CREATE INDEX settlement_case_document ON public.settlement_case USING btree (merchant_id, document_id) WHERE (document_id IS NOT NULL)
  CREATE INDEX settlement_case_open ON public.settlement_case USING btree (merchant_id, state, opened_at)
  CREATE INDEX settlement_case_row ON public.settlement_case USING btree (merchant_id, row_id) WHERE (row_id IS NOT NULL)

table settlement_decision
  merchant_id uuid not null
  case_id uuid not null
  step smallint not null
  event character varying(12) not null
  staff_id uuid
  reason character varying(300) not null
  order_id character varying(64)
  decided_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, case_id, step)
  FOREIGN KEY (merchant_id, case_id) REFERENCES settlement_case(merchant_id, case_id)

table settlement_match
  merchant_id uuid not null
  row_id uuid not null
  outcome character varying(15) not null
  document_kind character varying(10)
  document_id uuid
  gross_over bigint not null
  fee_over bigint not null
  PRIMARY KEY (merchant_id, row_id)
  FOREIGN KEY (merchant_id, row_id) REFERENCES settlement_row(merchant_id, row_id)
  CHECK (((document_kind IS NULL) = (document_id IS NULL)))
  CHECK ((((outcome)::text = ANY ((ARRAY['missing_here'::character varying, 'doubled'::character varying])::text[])) OR (document_id IS NOT NULL)))
  CHECK (((document_kind)::text = ANY ((ARRAY['payment'::character varying, 'suspense'::character varying, 'refund'::character varying, 'dispute'::character varying])::text[])))
  CHECK (((outcome)::text = ANY ((ARRAY['matched'::character varying, 'missing_here'::character varying, 'amount_differs'::character varying, 'fee_differs'::character varying, 'day_differs'::character varying, 'doubled'::character varying])::text[])))
  CREATE UNIQUE INDEX settlement_match_document ON public.settlement_match USING btree (merchant_id, document_id) WHERE ((outcome)::text <> ALL ((ARRAY['missing_here'::character varying, 'doubled'::character varying])::text[]))

table settlement_row
  merchant_id uuid not null
  row_id uuid not null
  statement_id uuid not null
  provider character varying(20) not null
  line integer not null
  identity character varying(300) not null
  kind character varying(10) not null
  reference character varying(80)
  merchant_ref character varying(64)
  gross bigint not null
  fee bigint not null
  net bigint not null
  paid_day date not null
  paid_time time without time zone
  settled_day date
  raw jsonb not null
  UNIQUE (merchant_id, statement_id, line)
  PRIMARY KEY (merchant_id, row_id)
  FOREIGN KEY (merchant_id, statement_id) REFERENCES settlement_statement(merchant_id, statement_id)
  CHECK ((net = (gross - fee)))
  CHECK (((kind)::text = ANY ((ARRAY['payment'::character varying, 'refund'::character varying, 'adjustment'::character varying])::text[])))
  CREATE INDEX settlement_row_day ON public.settlement_row USING btree (merchant_id, provider, paid_day)
  CREATE INDEX settlement_row_identity ON public.settlement_row USING btree (merchant_id, provider, identity)
  CREATE UNIQUE INDEX settlement_row_merchant_id_statement_id_line_key ON public.settlement_row USING btree (merchant_id, statement_id, line)

table settlement_statement
  merchant_id uuid not null
  statement_id uuid not null
  provider character varying(20) not null
  name character varying(200) not null
  sha256 bytea not null
  layout character varying(20) not null
  mapping jsonb not null
  time_zone character varying(40) not null
  period_from date not null
  period_to date not null
  currency character(3) not null
  rows integer not null
  skipped integer not null
  gross bigint not null
  fee bigint not null
  net bigint not null
  state character varying(10) not null
  imported_by uuid not null
  imported_at timestamp with time zone not null default now()
  mdr jsonb not null default '[]'::jsonb
  UNIQUE (merchant_id, provider, sha256)
  PRIMARY KEY (merchant_id, statement_id)
  FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)
  CHECK ((period_to >= period_from))
  CHECK ((net = (gross - fee)))
  CHECK ((rows > 0))
  CHECK ((length(sha256) = 32))
  CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'settled'::character varying])::text[])))
  CREATE INDEX settlement_statement_period ON public.settlement_statement USING btree (merchant_id, provider, period_from, period_to)
  CREATE UNIQUE INDEX settlement_statement_merchant_id_provider_sha256_key ON public.settlement_statement USING btree (merchant_id, provider, sha256)

table setup_code
  code_hash bytea not null
  expires_at timestamp with time zone not null
  used_at timestamp with time zone
  PRIMARY KEY (code_hash)

table sign_in_try
  subject character varying(64) not null
  tries integer not null default 0
  delayed_until timestamp with time zone
  tried_at timestamp with time zone not null default now()
  PRIMARY KEY (subject)
  CREATE INDEX sign_in_try_age ON public.sign_in_try USING btree (tried_at)

table signing_key
  kid character varying(43) not null
  public_jwk jsonb not null
  private_jwk bytea not null
  created_at timestamp with time zone not null default now()
  retired_at timestamp with time zone
  PRIMARY KEY (kid)
  CREATE UNIQUE INDEX signing_key_current ON public.signing_key USING btree ((true)) WHERE (retired_at IS NULL)

table staff
  merchant_id uuid not null
  staff_id uuid not null
  outlet_id uuid not null
  name character varying(100) not null
  role character varying(10) not null
  pin_hash character varying(255) not null
  wrong_pins integer not null default 0
  is_active boolean not null default true
  created_at timestamp with time zone not null default now()
  role_id uuid
  must_change_pin boolean not null default false
  wrong_since timestamp with time zone
  PRIMARY KEY (merchant_id, staff_id)
  FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)
  FOREIGN KEY (merchant_id, outlet_id) REFERENCES outlet(merchant_id, outlet_id)
  FOREIGN KEY (merchant_id, role_id) REFERENCES staff_role(merchant_id, role_id)
  CHECK ((((role)::text = 'custom'::text) = (role_id IS NOT NULL)))
  CHECK (((role)::text = ANY ((ARRAY['owner'::character varying, 'manager'::character varying, 'cashier'::character varying, 'custom'::character varying])::text[])))

table staff_role
  merchant_id uuid not null
  role_id uuid not null
  name character varying(60) not null
  rights character varying(40)[] not null
  created_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, role_id)
  FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)
  CREATE UNIQUE INDEX staff_role_name ON public.staff_role USING btree (merchant_id, lower((name)::text))

table staff_session
  token_hash bytea not null
  merchant_id uuid not null
  staff_id uuid not null
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  session_id uuid not null
  device_id uuid not null
  pin_change_only boolean not null default false
  address inet
  UNIQUE (merchant_id, session_id)
  PRIMARY KEY (token_hash)
  FOREIGN KEY (merchant_id, device_id) REFERENCES device(merchant_id, device_id) ON DELETE CASCADE
  FOREIGN KEY (merchant_id, staff_id) REFERENCES staff(merchant_id, staff_id) ON DELETE CASCADE
  CREATE INDEX staff_session_device ON public.staff_session USING btree (merchant_id, device_id)
  CREATE INDEX staff_session_expiry ON public.staff_session USING btree (expires_at)
  CREATE INDEX staff_session_staff ON public.staff_session USING btree (merchant_id, staff_id)
  CREATE UNIQUE INDEX staff_session_merchant_id_session_id_key ON public.staff_session USING btree (merchant_id, session_id)

table static_qris
  merchant_id uuid not null
  outlet_id uuid not null
  payload character varying(512) not null
  merchant_name character varying(25) not null
  verify_within_days smallint not null default 3
  set_by uuid not null
  set_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, outlet_id)
  FOREIGN KEY (merchant_id, outlet_id) REFERENCES outlet(merchant_id, outlet_id)
  FOREIGN KEY (merchant_id, set_by) REFERENCES staff(merchant_id, staff_id)
  CHECK (((verify_within_days >= 1) AND (verify_within_days <= 60)))

table stock_level
  merchant_id uuid not null
  outlet_id uuid not null
  product_id uuid not null
  on_hand integer not null default 0
  low_mark integer
  is_counted boolean not null default false
  PRIMARY KEY (merchant_id, outlet_id, product_id)

table stock_movement
  merchant_id uuid not null
  outlet_id uuid not null
  product_id uuid not null
  movement_id uuid not null
  kind character varying(12) not null
  quantity integer not null
  source_id uuid not null
  moved_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, outlet_id, product_id, movement_id)
  FOREIGN KEY (merchant_id, product_id) REFERENCES product(merchant_id, product_id)
  CHECK (((kind)::text = ANY ((ARRAY['sale'::character varying, 'return'::character varying, 'purchase'::character varying, 'adjustment'::character varying, 'transfer'::character varying, 'count'::character varying])::text[])))
  CHECK (((quantity <> 0) OR ((kind)::text = 'count'::text)))

table suspense_case
  merchant_id uuid not null
  case_id uuid not null
  provider character varying(20) not null
  reference character varying(80) not null
  payment_id uuid
  reason character varying(20) not null
  currency character(3) not null
  amount bigint not null
  transfer_id uuid not null
  state character varying(10) not null default 'open'::character varying
  opened_at timestamp with time zone not null default now()
  decided_by character varying(80)
  decided_at timestamp with time zone
  applied_to character varying(64)
  account_id uuid
  UNIQUE (merchant_id, provider, reference)
  PRIMARY KEY (merchant_id, case_id)
  CHECK (((reason)::text = ANY ((ARRAY['late'::character varying, 'short'::character varying, 'over'::character varying, 'orphan'::character varying, 'double'::character varying])::text[])))
  CHECK (((state)::text = ANY ((ARRAY['open'::character varying, 'applied'::character varying, 'refunding'::character varying, 'refunded'::character varying])::text[])))
  CREATE UNIQUE INDEX suspense_case_merchant_id_provider_reference_key ON public.suspense_case USING btree (merchant_id, provider, reference)

table user_session
  session_id uuid not null
  user_id uuid not null
  user_agent character varying(200) not null
  address inet not null
  created_at timestamp with time zone not null default now()
  used_at timestamp with time zone not null default now()
  PRIMARY KEY (session_id)
  FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
  CREATE INDEX user_session_age ON public.user_session USING btree (used_at)
  CREATE INDEX user_session_user ON public.user_session USING btree (user_id, used_at)

table users
  id uuid not null
  username character varying(50) not null
  email character varying(254) not null
  phone character varying(20) not null
  password character varying(255) not null
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  totp_secret bytea
  totp_confirmed_at timestamp with time zone
  totp_step bigint
  closed_at timestamp with time zone
  UNIQUE (email)
  UNIQUE (phone)
  UNIQUE (username)
  PRIMARY KEY (id)
  CREATE UNIQUE INDEX users_email_key ON public.users USING btree (email)
  CREATE UNIQUE INDEX users_phone_key ON public.users USING btree (phone)
  CREATE UNIQUE INDEX users_username_key ON public.users USING btree (username)

table wallet_limit
  merchant_id uuid not null
  kind character varying(10) not null
  currency character(3) not null
  per_transaction bigint
  per_day bigint
  per_month bigint
  PRIMARY KEY (merchant_id, kind, currency)

table wallet_operation
  merchant_id uuid not null
  operation_id uuid not null
  user_id uuid not null
  account_id uuid not null
  kind character varying(10) not null
  state character varying(9) not null
  step character varying(10) not null
  currency character(3) not null
  amount bigint not null
  settled bigint not null default 0
  refunded bigint not null default 0
  balance_seen bigint not null
  counter_account_id uuid
  hold_id uuid
  hold_expires_at timestamp with time zone
  payment_method character varying(20)
  external_reference character varying(80)
  description character varying(200)
  original_id uuid
  payout jsonb
  decided_by character varying(80)
  note character varying(200)
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  PRIMARY KEY (merchant_id, operation_id)
  CHECK ((amount > 0))
  CHECK (((settled >= 0) AND (settled <= amount)))
  CHECK (((refunded >= 0) AND (refunded <= amount)))
  CHECK (((kind)::text = ANY ((ARRAY['TOPUP'::character varying, 'PAYMENT'::character varying, 'TRANSFER'::character varying, 'REFUND'::character varying, 'WITHDRAWAL'::character varying])::text[])))
  CHECK (((state)::text = ANY ((ARRAY['PENDING'::character varying, 'SUCCESS'::character varying, 'FAILED'::character varying, 'CANCELLED'::character varying])::text[])))
  CREATE INDEX wallet_operation_account ON public.wallet_operation USING btree (merchant_id, account_id) WHERE ((state)::text = 'PENDING'::text)
  CREATE INDEX wallet_operation_history ON public.wallet_operation USING btree (merchant_id, user_id, created_at, operation_id) WHERE ((state)::text <> 'SUCCESS'::text)
  CREATE INDEX wallet_operation_open ON public.wallet_operation USING btree (kind, step, operation_id) WHERE ((state)::text = 'PENDING'::text)
  CREATE INDEX wallet_operation_personal ON public.wallet_operation USING btree (merchant_id, user_id) WHERE ((kind)::text = ANY ((ARRAY['TOPUP'::character varying, 'WITHDRAWAL'::character varying])::text[]))
  CREATE INDEX wallet_operation_withdrawal ON public.wallet_operation USING btree (merchant_id, operation_id) WHERE (((state)::text = 'PENDING'::text) AND ((kind)::text = 'WITHDRAWAL'::text))

table wallet_usage
  merchant_id uuid not null
  account_id uuid not null
  kind character varying(10) not null
  day date not null
  amount bigint not null
  PRIMARY KEY (merchant_id, account_id, kind, day)
  CHECK ((amount >= 0))

table webhook_delivery
  merchant_id uuid not null
  delivery_id uuid not null
  endpoint_id uuid not null
  message_id character varying(40) not null
  topic character varying(64) not null
  body text not null
  state character varying(10) not null
  tries integer not null default 0
  step integer not null default 0
  begun_at timestamp with time zone not null default now()
  next_try_at timestamp with time zone
  last_status smallint
  last_error character varying(12)
  last_ms integer
  created_at timestamp with time zone not null default now()
  delivered_at timestamp with time zone
  PRIMARY KEY (merchant_id, delivery_id)
  FOREIGN KEY (merchant_id, endpoint_id) REFERENCES webhook_endpoint(merchant_id, endpoint_id) ON DELETE CASCADE
  CHECK ((((state)::text = ANY ((ARRAY['pending'::character varying, 'failed'::character varying])::text[])) = (next_try_at IS NOT NULL)))
  CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'failed'::character varying, 'delivered'::character varying, 'dead'::character varying])::text[])))
  CREATE INDEX webhook_delivery_age ON public.webhook_delivery USING btree (created_at)
  CREATE INDEX webhook_delivery_due ON public.webhook_delivery USING btree (merchant_id, endpoint_id, next_try_at) WHERE (next_try_at IS NOT NULL)
  CREATE INDEX webhook_delivery_endpoint ON public.webhook_delivery USING btree (merchant_id, endpoint_id, delivery_id)
  CREATE INDEX webhook_delivery_open ON public.webhook_delivery USING btree (state, begun_at) INCLUDE (merchant_id, endpoint_id) WHERE ((state)::text <> 'delivered'::text)

table webhook_endpoint
  merchant_id uuid not null
  endpoint_id uuid not null
  url character varying(2000) not null
  description character varying(200) not null
  topics character varying(64)[] not null
  state character varying(10) not null
  reason character varying(10)
  secret bytea not null
  old_secret bytea
  old_secret_until timestamp with time zone
  created_by character varying(80) not null
  created_at timestamp with time zone not null default now()
  disabled_at timestamp with time zone
  failures integer not null default 0
  failing_since timestamp with time zone
  rest_until timestamp with time zone
  sending_until timestamp with time zone
  PRIMARY KEY (merchant_id, endpoint_id)
  CHECK ((((state)::text = 'disabled'::text) = (disabled_at IS NOT NULL)))
  CHECK (((old_secret IS NULL) = (old_secret_until IS NULL)))
  CHECK (((reason)::text = ANY ((ARRAY['asked'::character varying, 'gone'::character varying, 'failing'::character varying])::text[])))
  CHECK (((state)::text = ANY ((ARRAY['active'::character varying, 'disabled'::character varying, 'deleted'::character varying])::text[])))

table webhook_try
  merchant_id uuid not null
  delivery_id uuid not null
  try integer not null
  sent_at timestamp with time zone not null default now()
  status smallint
  error character varying(12)
  ms integer
  answer text
  PRIMARY KEY (merchant_id, delivery_id, try)
  FOREIGN KEY (merchant_id, delivery_id) REFERENCES webhook_delivery(merchant_id, delivery_id) ON DELETE CASCADE

function ledger_post(uuid,uuid[],uuid[],smallint[],text[],integer[],integer[],text[],bigint[],integer[],uuid[],timestamp with time zone[],text[],jsonb[],boolean[],text[],bigint[],integer[],bigint[],integer[],bigint[],integer[],bigint[]) returns text
function ledger_post_unseen(uuid,uuid[],uuid[],smallint[],text[],integer[],integer[],text[],bigint[],integer[],uuid[],timestamp with time zone[],text[],jsonb[],boolean[],text[],bigint[],integer[],bigint[],integer[],bigint[],integer[],bigint[]) returns text
function ledger_prepare_months(integer) returns integer
function ledger_version_at(uuid,uuid,timestamp with time zone) returns bigint
function ledger_versions_at(uuid,uuid,timestamp with time zone[]) returns bigint[]
function lowest_uuid_at(timestamp with time zone) returns uuid
function onegate_everywhere() returns boolean
function onegate_merchant() returns uuid
function onegate_raise_wall() returns integer
function revoke_ledger_rights() returns void
function shown_sum(bigint,smallint) returns numeric
