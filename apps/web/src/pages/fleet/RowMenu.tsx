import { printable } from '@lockstep/core/health';
import type { PairRow } from '@lockstep/core/protocol';
import { Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { DEFAULT_VIEW, type FleetView, searchOf } from '../../live/index.js';
import styles from './Fleet.module.css';
import { WORDS } from './words.js';

/** What can be done with a row. Only the open one is a real menu: a thousand closed menus would cost more than the table. */
export function RowMenu({
  row,
  opened,
  onOpened,
  view,
}: {
  row: PairRow;
  opened: boolean;
  onOpened: (open: boolean) => void;
  view: FleetView;
}) {
  const navigate = useNavigate();
  const label = WORDS.actions.label(printable(row.deviceName));
  const button = (
    <button
      type="button"
      className={styles.dots}
      aria-label={label}
      aria-haspopup="menu"
      title={WORDS.columns.actions}
      onClick={opened ? undefined : () => onOpened(true)}
      data-testid="row-actions"
    >
      ⋯
    </button>
  );
  if (!opened) return button;
  const show = (more: Partial<FleetView>) => void navigate({ to: '/', search: searchOf({ ...DEFAULT_VIEW, sort: view.sort, ...more }) });
  const copy = (text: string) => void navigator.clipboard?.writeText(text);
  const { primary } = row;
  // The closed menu is another button in the same place: focus goes there, not to the page's top.
  const back = () =>
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-row="${row.id}"] [data-testid="row-actions"]`)?.focus());
  return (
    <Menu opened onChange={onOpened} onClose={back} position="bottom-end" width={260} returnFocus={false} trapFocus>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void navigate({ to: '/pairs/$pairId', params: { pairId: row.id } })}>{WORDS.actions.open}</Menu.Item>
        <Menu.Item onClick={() => show({ host: row.hostId })}>{WORDS.actions.host}</Menu.Item>
        {primary && <Menu.Item onClick={() => show({ cause: primary.cause })}>{WORDS.actions.cause(primary.title)}</Menu.Item>}
        {window.isSecureContext && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => copy(row.udid)}>{WORDS.actions.udid}</Menu.Item>
            <Menu.Item onClick={() => copy(new URL(`/pairs/${row.id}`, window.location.origin).href)}>{WORDS.actions.link}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
