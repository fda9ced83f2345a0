/** Two rails that keep step: the ladder is what the product looks at. */
export function Brand({ size = 20 }: { size?: number }) {
  return (
    <svg viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false">
      <path d="M6 2v16M14 2v16M6 6h8M6 10h8M6 14h8" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  );
}
